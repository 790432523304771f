"""Divisions of GB/T 2260: names, ancestors, and the codes of a name."""

from __future__ import annotations

import pytest

from schemas.reference import administrative_divisions


def test_ancestors_go_from_the_province_to_the_division_itself() -> None:
    assert administrative_divisions.list_ancestors("210311") == ("21", "2103", "210311")
    assert administrative_divisions.list_ancestors("210300") == ("21", "2103")
    assert administrative_divisions.list_ancestors("21") == ("21",)
    assert administrative_divisions.list_ancestors("210311001") == ("21", "2103", "210311")
    for text in ("鞍山", "1", "12345", "2103110010", "２１０３"):
        assert administrative_divisions.list_ancestors(text) == (), text


def test_anshan_has_the_codes_that_its_documents_print() -> None:
    seven = {
        "210302": "铁东区",
        "210303": "铁西区",
        "210304": "立山区",
        "210311": "千山区",
        "210321": "台安县",
    }
    assert {code: administrative_divisions.name_of(code) for code in seven} == seven
    assert administrative_divisions.name_of("210300") == administrative_divisions.name_of("2103") == "鞍山市"
    assert administrative_divisions.pad_code("2103") == "210300"
    assert administrative_divisions.pad_code("12345") == "12345"
    assert administrative_divisions.shorten_code("210000") == "21"
    assert administrative_divisions.name_of("219999") is None


def test_anshan_is_not_maanshan() -> None:
    assert administrative_divisions.find_codes("鞍山") == ("2103",)
    assert administrative_divisions.find_codes("马鞍山") == ("3405",)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("鞍山市", ("2103",)),
        ("鞍山市铁东区", ("210302",)),
        ("辽宁省鞍山市铁东区", ("210302",)),
        ("铁东", ("210302", "220303")),
        ("岫岩", ("210323",)),
        ("岫岩县", ("210323",)),
        ("内蒙古", ("15",)),
        ("新疆", ("65",)),
        ("恩施州", ("4228",)),
        ("巴音郭楞", ("6528",)),
        ("香港", ("81",)),
        ("市辖区", ()),
        ("", ()),
        ("某地", ()),
        ("鞍山市鐵東區", ("210302",)),
    ],
)
def test_a_name_is_found_with_and_without_its_suffix_and_what_is_above(
    text: str, codes: tuple[str, ...]
) -> None:
    assert administrative_divisions.find_codes(text) == codes


def test_a_path_leaves_out_the_tables_placeholders() -> None:
    assert administrative_divisions.full_name_of("110102") == "北京市西城区"
    assert administrative_divisions.full_name_of("210311") == "辽宁省鞍山市千山区"
