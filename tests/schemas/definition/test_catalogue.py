"""Catalogue files: every shipped one loads, and a broken one is refused with its file and key."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.cells.amounts import Amount
from schemas.definition.catalogue import RESERVED, CatalogueError, build_json_schema, build_table_schema
from schemas.definition.file_loader import list_names, load_catalogue, parse_catalogue

SHIPPED = [
    "cancelled-items",
    "commitment-evidence",
    "commitment-statements",
    "commitments",
    "complete-lists",
    "discretion-standards",
    "fees",
    "government-funds",
    "intermediary-services",
    "investment-approvals",
    "licence-items",
    "policies",
    "power-list",
    "pre-approvals",
    "qualifications",
    "responses",
    "responsibility-list",
    "service-guides",
    "spot-checks",
    "statutes",
    "support-policies",
    "support-recipients",
]


def wells() -> dict[str, Any]:
    return {
        "qingdan": {
            "name": "wells",
            "title": {"zh": "水井目录", "en": "Wells"},
            "description": "A register of wells.",
            "identity": [["code"], ["name", "village"]],
            "title_field": "name",
        },
        "fields": [
            {
                "name": "code",
                "type": "string",
                "title": "编码",
                "description": "",
                "qingdan": {"title_en": "Code", "kind": "code"},
            },
            {
                "name": "name",
                "type": "string",
                "title": "井名",
                "description": "",
                "constraints": {"required": True},
                "qingdan": {"title_en": "Name", "aliases": ["水井名称"], "searched": 10},
            },
            {
                "name": "village",
                "type": "string",
                "title": "村",
                "description": "",
                "constraints": {"enum": ["东村", "西村"]},
                "qingdan": {
                    "title_en": "Village",
                    "vocabulary": [{"value": "东村", "aliases": ["东"]}, {"value": "西村"}],
                },
            },
            {
                "name": "keeper",
                "type": "string",
                "title": "看井人",
                "description": "",
                "qingdan": {"title_en": "Keeper", "personal": True},
            },
        ],
    }


def test_these_catalogues_ship() -> None:
    assert list(list_names()) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_catalogue_loads_and_says_what_its_fields_are(name: str) -> None:
    catalogue = load_catalogue(name)
    assert catalogue.name == name
    assert parse_catalogue(catalogue.source) == catalogue
    assert {f.name for f in catalogue.fields}.isdisjoint(RESERVED)
    for field in catalogue.fields:
        assert field.title
        assert field.title_en
        assert "/ " in field.description
    assert catalogue.by_name[catalogue.title_field].required


@pytest.mark.parametrize("name", SHIPPED)
def test_published_schemas_of_a_shipped_catalogue_contain_no_personal_field(name: str) -> None:
    catalogue = load_catalogue(name)
    public = [f.name for f in catalogue.fields if not f.personal]
    assert list(build_json_schema(catalogue)["properties"]) == public
    assert [f["name"] for f in build_table_schema(catalogue)["fields"]] == public


def test_a_site_adds_a_catalogue_by_adding_a_file(tmp_path: Path) -> None:
    (tmp_path / "wells.json").write_text(json.dumps(wells()), encoding="utf-8")
    assert "wells" in list_names(tmp_path)
    assert load_catalogue("wells", tmp_path).title == "水井目录"
    assert load_catalogue("fees", tmp_path) == load_catalogue("fees")
    with pytest.raises(KeyError):
        load_catalogue("wells")


def test_a_file_whose_name_is_not_the_catalogues_is_refused(tmp_path: Path) -> None:
    (tmp_path / "springs.json").write_text(json.dumps(wells()), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"springs\.json: \$\.qingdan\.name"):
        load_catalogue("springs", tmp_path)


def test_a_name_that_leaves_the_folder_is_not_a_catalogue(tmp_path: Path) -> None:
    (tmp_path / "wells.json").write_text(json.dumps(wells()), encoding="utf-8")
    (tmp_path / "inner").mkdir()
    with pytest.raises(KeyError):
        load_catalogue("../wells", tmp_path / "inner")


def test_a_code_identifies_before_names_do_and_never_equals_one() -> None:
    catalogue = parse_catalogue(json.dumps(wells()))
    assert catalogue.identity_of({"code": "7", "name": "老井"}) == ("0", "7")
    assert catalogue.identity_of({"name": "7"}) == ("1", "7", "")
    assert catalogue.title_of({"name": "老井"}) == "老井"


def set_key(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(file: dict[str, Any]) -> None:
        place: Any = file
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = to

    return change


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "an unknown key": (set_key("fields", 0, "qingdan", "searchd", to=1), "$.fields[0].qingdan"),
    "an unknown key at the top": (set_key("feilds", to=[]), "$: Object contains unknown field"),
    "an unknown type": (set_key("fields", 0, "type", to="text"), "$.fields[0].type"),
    "a reserved name": (set_key("fields", 0, "name", to="status"), "$.fields[0].name"),
    "a name in capitals": (set_key("fields", 0, "name", to="Code"), "$.fields[0].name"),
    "a name twice": (set_key("fields", 1, "name", to="code"), "$.fields[1].name"),
    "a title twice": (set_key("fields", 2, "title", to="井 名"), "$.fields[2].title"),
    "an alias that is another's title": (
        set_key("fields", 2, "qingdan", "aliases", to=["井名（必填）", "编 码"]),
        "$.fields[2].qingdan.aliases[1]",
    ),
    "an identity without its field": (
        set_key("qingdan", "identity", to=[["number"]]),
        "$.qingdan.identity[0][0]",
    ),
    "no identity": (set_key("qingdan", "identity", to=[]), "$.qingdan.identity"),
    "an identity by a personal field": (
        set_key("qingdan", "identity", to=[["keeper"]]),
        "$.qingdan.identity[0][0]",
    ),
    "a title field that is not there": (
        set_key("qingdan", "title_field", to="titel"),
        "$.qingdan.title_field",
    ),
    "a date field that is no date": (set_key("qingdan", "date_field", to="name"), "$.qingdan.date_field"),
    "a body field that is not there": (set_key("qingdan", "body_field", to="body"), "$.qingdan.body_field"),
    "a fact that is not there": (set_key("qingdan", "facts", to=["depth"]), "$.qingdan.facts"),
    "an expected field that is not there": (
        set_key("qingdan", "expected", to={"": ["depth"]}),
        "$.qingdan.expected",
    ),
    "a personal fact": (set_key("qingdan", "facts", to=["keeper"]), "$.qingdan.facts"),
    "a kind that needs another type": (
        set_key("fields", 1, "qingdan", "kind", to="limit"),
        "$.fields[1].type",
    ),
    "an object without a kind": (set_key("fields", 1, "type", to="object"), "$.fields[1].qingdan.kind"),
    "an enum that is not the vocabulary": (
        set_key("fields", 2, "constraints", to={"enum": ["东村"]}),
        "$.fields[2].constraints.enum",
    ),
    "a word of the vocabulary twice": (
        set_key("fields", 2, "qingdan", "vocabulary", 1, "aliases", to=["东"]),
        "$.fields[2].qingdan.vocabulary[1]",
    ),
    "a personal field that is searched": (
        set_key("fields", 3, "qingdan", "searched", to=1),
        "$.fields[3].qingdan.personal",
    ),
    "no fields": (set_key("fields", to=[]), "$.fields"),
    "a field spanned by one that is not there": (
        set_key("fields", 1, "qingdan", "spanned_by", to="nobody"),
        "$.fields[1].qingdan.spanned_by",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_by_its_name_and_the_key(case: str) -> None:
    change, path = BROKEN[case]
    file = wells()
    change(file)
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(json.dumps(file, ensure_ascii=False), where="wells.json")
    assert str(caught.value).startswith(f"wells.json: {path}")


def test_text_that_is_not_json_is_a_catalogue_error() -> None:
    with pytest.raises(CatalogueError, match=r"^wells\.json: \$: "):
        parse_catalogue("{", where="wells.json")


def test_the_json_schema_names_the_parts_of_an_amount() -> None:
    amount = build_json_schema(load_catalogue("fees"))["properties"]["amount"]
    assert tuple(sorted(amount["properties"])) == tuple(sorted(Amount._fields))


def test_the_json_schema_names_required_fields_and_closed_vocabularies() -> None:
    schema = build_json_schema(parse_catalogue(json.dumps(wells())))
    assert schema["required"] == ["name"]
    assert schema["properties"]["village"]["enum"] == ["东村", "西村"]
    assert schema["additionalProperties"] is False


RACE = """
import sys, threading
from importlib.resources import files
from schemas.definition.file_loader import parse_catalogue

sys.setswitchinterval(1e-6)
text = (files("schemas") / "catalogues" / "fees.json").read_text("utf-8")
gate = threading.Barrier(16)
threads = [threading.Thread(target=lambda: (gate.wait(), parse_catalogue(text))) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_many_threads_may_parse_the_first_catalogue_of_a_process() -> None:
    for _ in range(3):
        process = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False)
        assert (process.returncode, process.stderr) == (0, "")
