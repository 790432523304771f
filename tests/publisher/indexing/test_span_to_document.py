"""The search document of a span."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from itertools import product

from msgspec import structs

from publisher.indexing.span_to_document import build_document
from publisher.log.model import Span
from schemas.definition.catalogue import Content, Field, Json
from schemas.definition.evolution import searched_parts
from schemas.definition.file_loader import load_catalogue, parse_catalogue
from search.contract import FOREVER, Document
from tests.support.datasets import make_dataset

ROLES = ("date_field", "body_field", "type_field")
DATASET = make_dataset("shili", title="示例", title_en="", division="210300")


def span(content: Content) -> Span:
    return Span(
        id="abc.1.735933",
        dataset="shili",
        record="abc",
        part=None,
        revision="f" * 64,
        status="stated",
        content=content,
        effective_from=date(2015, 12, 1),
        effective_to=None,
        known_from=datetime(2015, 12, 2, tzinfo=UTC),
        known_to=None,
        sequence=7,
        title=str(content.get("name", "")),
    )


def document_of(content: Content, catalogue: str = "power-list") -> Document:
    indexed = build_document(span(content), DATASET, load_catalogue(catalogue))
    assert indexed is not None
    return indexed


def test_a_division_is_found_under_every_one_above_it() -> None:
    assert document_of({"name": "甲", "division": "210311"}).facets["division"] == ("21", "2103", "210311")


def test_a_number_in_brackets_behind_a_title_is_cited_too() -> None:
    bases: list[Json] = [
        "《设定行政许可的决定》（国务院令第412号）",
        "《行政许可法》第三条",
        "财综〔2004〕32号",
    ]
    assert document_of({"name": "甲", "basis": bases}, "fees").numbers == (
        "国务院令第412号",
        "财综〔2004〕32号",
    )


def test_an_earlier_content_keeps_its_title_though_the_catalogue_has_another_field_for_it() -> None:
    file = json.loads(load_catalogue("power-list").source)
    file["qingdan"]["title_field"] = "sub_name"
    indexed = build_document(span({"name": "甲"}), DATASET, parse_catalogue(json.dumps(file)))
    assert indexed is not None
    assert indexed.title == "甲"


def test_a_record_without_a_division_has_its_datasets() -> None:
    assert document_of({"name": "甲"}).facets["division"] == ("21", "2103")


def test_a_record_without_a_body_has_its_datasets() -> None:
    assert document_of({"name": "甲"}).facets["body"] == ("示例市人民政府",)
    assert document_of({"name": "甲", "actor": "市统计局"}).facets["body"] == ("市统计局",)


def test_a_document_has_its_own_number_first_and_the_year_of_its_own_date() -> None:
    indexed = document_of(
        {
            "number": "鞍政发〔2015〕34号",
            "title": "通知",
            "date_written": "2014-11-05",
            "references": ["辽政发〔2015〕19号", "鞍政发〔2015〕34号", "《中华人民共和国行政许可法》"],
        },
        "policies",
    )
    assert indexed.numbers == ("鞍政发〔2015〕34号", "辽政发〔2015〕19号")
    assert indexed.facets["year"] == (str(date.fromordinal(indexed.date).year),)


def test_a_withdrawn_span_is_nothing_to_find() -> None:
    withdrawn = structs.replace(span({}), status="withdrawn")
    assert build_document(withdrawn, DATASET, load_catalogue("power-list")) is None


def test_open_ends_are_for_ever_and_instants_are_exact() -> None:
    indexed = document_of({"name": "甲"})
    assert (indexed.effective_to, indexed.known_to) == (FOREVER, FOREVER)
    instant = datetime(2015, 12, 2, 3, 4, 5, 678901, tzinfo=UTC)
    closed = build_document(
        structs.replace(span({"name": "甲"}), known_to=instant), DATASET, load_catalogue("power-list")
    )
    assert closed is not None
    assert closed.known_to == int(instant.timestamp()) * 1_000_000 + 678901


def test_a_personal_field_never_reaches_search() -> None:
    source = """{"qingdan": {"name": "people", "title": {"zh": "人", "en": "P"}, "description": "人。/ P.",
      "identity": [["name"]], "title_field": "name"}, "fields": [
      {"name": "name", "title": "名称", "type": "string", "description": "名。/ N.",
       "qingdan": {"title_en": "Name", "searched": 1}},
      {"name": "clerk", "title": "录入人", "type": "string", "description": "人。/ P.",
       "qingdan": {"title_en": "Clerk", "personal": true}}]}"""
    catalogue = parse_catalogue(source)
    loud = tuple(structs.replace(f, searched=1.0, facet=True) if f.personal else f for f in catalogue.fields)
    indexed = build_document(
        span({"name": "甲", "clerk": "张三"}), DATASET, structs.replace(catalogue, fields=loud)
    )
    assert indexed is not None
    assert "张三" not in repr(indexed)
    placed = tuple(structs.replace(f, format="division") if f.personal else f for f in catalogue.fields)
    lived = build_document(
        span({"name": "甲", "clerk": "110101"}), DATASET, structs.replace(catalogue, fields=placed)
    )
    assert lived is not None
    assert lived.facets["division"] == ("21", "2103")


def test_the_number_of_a_document_is_its_own_and_that_of_a_plan_is_not_that_of_its_commitments() -> None:
    policy: Content = {"title": "工作方案", "number": "示政发〔2024〕1号"}
    task: Content = {"plan": "示政发〔2024〕1号", "task": "编制目录"}
    documents = [
        build_document(span(content), DATASET, load_catalogue(name))
        for name, content in (("policies", policy), ("commitments", task))
    ]
    numbers = [(d.numbers, d.own_numbers) for d in documents if d is not None]
    assert numbers == [(("示政发〔2024〕1号",), 1), (("示政发〔2024〕1号",), 0)]


def test_a_change_of_a_catalogue_that_changes_documents_is_known_as_one() -> None:
    content: Content = {
        "name": "甲",
        "number": "财综〔2004〕32号",
        "basis": ["财综〔2004〕33号"],
        "day": "2015-12-01",
        "limit": {"value": 20, "unit": "工作日"},
        "body": "市统计局",
    }
    plain = load_catalogue("power-list")
    fields = tuple(Field(name, name, name) for name in content)
    before = structs.replace(plain, fields=fields, date_field=None, body_field=None, type_field=None)
    changes: list[dict[str, object]] = [
        {"searched": 1.0},
        {"facet": True},
        {"personal": True},
        {"unit": "元"},
        {"title": "改"},
        {"format": "document-number"},
        {"format": "citations"},
        {"format": "division"},
        {"format": "deadline"},
        {"searched": 1.0, "format": "deadline"},
    ]
    others = [
        structs.replace(before, fields=tuple(structs.replace(f, **change) if f is own else f for f in fields))
        for own in fields
        for change in changes
    ]
    others += [structs.replace(before, **{role: own.name}) for role in ROLES for own in fields]
    others += [structs.replace(before, name="another"), structs.replace(before, title="改")]
    others += [structs.replace(one, identity=(("number",),)) for one in others]
    pairs = list(product((before, *others[:70:7]), others))
    same = 0
    for one, other in pairs:
        documents = [build_document(span(content), DATASET, own) for own in (one, other)]
        if searched_parts(one, content) == searched_parts(other, content):
            same += 1
            assert documents[0] == documents[1]
    assert 0 < same < len(pairs) / 2
