"""OGC 19-079r2 (Features, Part 3) and 21-065r2 (CQL2), annexes A: the claimed classes."""

from __future__ import annotations

import json
import operator
import random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from publisher.views.ogc.cql2.parser import read_text
from publisher.views.ogc.parameters import CRS84
from tests.publisher.views.ogc.conftest import FEES, HALLS, PLACES, POLICIES, Live, link

pytestmark = pytest.mark.both_databases

FILTERABLE = ["divisions", POLICIES, PLACES, FEES]
"""Every feature collection. The data catalog is a collection of records (``itemType``)."""


def count(live: Live, text: str, language: str = "cql2-text") -> int:
    return int(live.items(PLACES, **{"filter": text, "filter-lang": language})["numberMatched"])


def refusal(live: Live, text: str, language: str = "cql2-text") -> str:
    answer = live.get(
        f"/collections/{PLACES}/items", **{"filter": text, "filter-lang": language, "lang": "en"}
    )
    assert answer.status_code == 400, (text, answer.text)
    description: str = answer.json()["description"]
    return description


def test_queryables_get_queryables_is_a_json_schema_of_what_a_filter_may_name(live: Live) -> None:
    answer = live.get(f"/collections/{PLACES}/queryables", lang="en")
    assert answer.headers["content-type"] == "application/schema+json"
    schema = answer.json()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"{live.base}/ogc/collections/{PLACES}/queryables"
    assert schema["type"] == "object"
    assert schema["properties"]["windows"] == {"type": "number", "title": "Windows"}
    assert schema["properties"]["opened"]["format"] == "date"
    for name, shape in schema["properties"].items():
        op = "services IS NULL" if shape["type"] == "array" else f"{name} IS NOT NULL"
        assert count(live, op) >= 0


def test_queryables_query_parameters_query_param_every_queryable_is_one(live: Live) -> None:
    document = live.get("/api").json()
    names = {
        p["name"]
        for p in document["paths"][f"/collections/{PLACES}/items"]["get"]["parameters"]
        if "name" in p
    }
    queryables = live.get(f"/collections/{PLACES}/queryables").json()["properties"]
    # The parameter ``release`` selects a state; ``filter`` compares the release that brought a record.
    assert {*names, "release"} == set(queryables)


def test_filter_filter_param_only_items_for_which_it_is_true(live: Live) -> None:
    expected = sum(hall.get("weekends") is True for hall in live.halls)
    unknown = sum("weekends" not in hall for hall in live.halls)
    assert count(live, "weekends = TRUE") == expected
    assert count(live, "NOT (weekends = TRUE)") == HALLS - expected - unknown
    assert live.items(PLACES, filter="weekends = TRUE", windows="3")["numberMatched"] <= expected


def test_filter_lang_and_filter_crs_take_what_is_named_only(live: Live) -> None:
    for more in ({"filter-lang": "cql-text"}, {"filter-crs": "http://www.opengis.net/def/crs/EPSG/0/4490"}):
        answer = live.get(f"/collections/{PLACES}/items", filter="TRUE", **more)
        assert answer.status_code == 400
    crs = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    assert live.items(PLACES, **{"filter": "TRUE", "filter-crs": crs})["numberMatched"] == HALLS
    assert live.get(f"/collections/{PLACES}/items", **{"filter-lang": "cql2-text"}).status_code == 400


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("nothing = 1", "character 1:"),
        ("windows > 1 AND nmae = 'x'", "character 17:"),
        ("windows = 'x'", "character 1:"),
        ("name = 'x", "character 8:"),
        ("windows >", "character 9:"),
        ("opened = DATE('2015-02-30')", "character 10:"),
        ("CASEI(name) = 'x'", "character 13:"),
        ("S_INTERSECTS(geometry, BBOX(1,2,3,4))", "character 1:"),
        ("name LIKE '%%' OR services = 'x'", "character 19:"),
        ("windows + 1 = 2", "character 9:"),
    ],
)
def test_features_filter_filter_on_items_an_invalid_filter_is_400_with_the_place(
    live: Live, text: str, place: str
) -> None:
    assert place in refusal(live, text)


def test_the_limits_of_a_filter_are_reported(live: Live) -> None:
    assert "4000" in refusal(live, f"name = '{'x' * 4000}'")
    assert "levels" in refusal(live, "(" * 60 + "TRUE" + ")" * 60)
    assert "conditions" in refusal(live, " OR ".join(["windows = 1"] * 250))
    assert "conditions" in refusal(live, f"windows IN ({', '.join(['1'] * 1200)})")
    texts = ", ".join(f"'{n}'" for n in range(250))
    assert "conditions" in refusal(live, f"A_OVERLAPS(services, ({texts}))")
    assert refusal(live, "NOT " * 900 + "TRUE")
    assert "wildcards" in refusal(live, f"name LIKE '{'%a' * 30}'")
    apostrophe = '{"op":"=","args":[{"property":"name"},"it\'s"]}'
    deep = f'{{"op":"and","args":[{apostrophe},{"[" * 50}{"]" * 50}]}}'
    assert "nested" in refusal(live, deep, "cql2-json")
    assert count(live, apostrophe.replace("it's", "[" * 50), "cql2-json") == 0


def test_basic_cql2_logical_and_basic_cql2_boolean_precedence_brackets_and_truth_values(live: Live) -> None:
    assert count(live, "TRUE OR TRUE AND FALSE") == HALLS
    assert count(live, "(TRUE OR TRUE) AND FALSE") == 0
    assert count(live, "NOT FALSE AND TRUE") == HALLS
    assert count(live, "true") == HALLS
    assert count(live, "weekends OR NOT weekends") == sum("weekends" in hall for hall in live.halls)


def test_cql2_text_validate_and_cql2_json_validate_both_writings_agree(live: Live) -> None:
    text = "windows >= 10 AND NOT (kind = '税务大厅' OR remark IS NULL)"
    equal = {"op": "=", "args": [{"property": "kind"}, "税务大厅"]}
    null = {"op": "isNull", "args": [{"property": "remark"}]}
    either = {"op": "not", "args": [{"op": "or", "args": [equal, null]}]}
    tree = {"op": "and", "args": [{"op": ">=", "args": [{"property": "windows"}, 10]}, either]}
    page = live.items(PLACES, **{"filter": json.dumps(tree), "filter-lang": "cql2-json", "limit": "1000"})
    assert page["features"] == live.items(PLACES, filter=text, limit=1000)["features"] != []
    for bad in ("[", '{"op":"="}', '{"op":"like","args":[{"property":"name"}]}', "[]", "5", '{"op":"drop"}'):
        refusal(live, bad, "cql2-json")
    assert "character" in refusal(live, '{"op":"=","args":[{"property":"nothing"},1]}', "cql2-json")


def test_advanced_comparison_operators_like_wildcards_and_escapes(live: Live) -> None:
    assert count(live, "code LIKE 'H00000_'") == 10
    assert count(live, "remark LIKE 'abc'") == sum(hall.get("remark") == "abc" for hall in live.halls)
    with_remark = sum("remark" in hall for hall in live.halls)
    assert count(live, "remark LIKE '%'") == count(live, "remark like '%%'") == with_remark
    empty = sum(hall.get("remark") == "" for hall in live.halls)
    assert (count(live, "remark like '_%'"), count(live, "remark like ''")) == (with_remark - empty, empty)
    literal = sum(str(hall.get("remark", "")) == "%_" for hall in live.halls)
    assert count(live, r"remark like '\\%\\_'") == literal
    assert count(live, "code NOT LIKE 'H00000_'") == HALLS - 10


def test_advanced_comparison_operators_between_takes_numbers_in_either_order(live: Live) -> None:
    windows = [int(str(hall["windows"])) for hall in live.halls if "windows" in hall]
    assert count(live, "windows BETWEEN 0 AND 100") == sum(0 <= w <= 100 for w in windows)
    assert count(live, "windows between 100.0 and 1.0") == 0
    assert count(live, "windows not between 5 and 9") == sum(not 5 <= w <= 9 for w in windows)
    assert count(live, "code BETWEEN 'H000003' AND 'H000005'") == 3


def test_advanced_comparison_operators_in_a_list_of_each_kind(live: Live) -> None:
    assert count(live, "code NOT IN ('H000003', 'H000004')") == HALLS - 2
    assert count(live, "kind IN ('it''s a \"hall\"')") > 0
    windows = [hall.get("windows") for hall in live.halls]
    assert count(live, "windows IN (1, 2, 3)") == sum(w in (1, 2, 3) for w in windows)
    assert count(live, "weekends in (true)") == sum(hall.get("weekends") is True for hall in live.halls)
    day = next(str(hall["opened"]) for hall in live.halls if "opened" in hall)
    expected = sum(hall.get("opened") == day for hall in live.halls)
    assert count(live, f"opened in ('{day}', '2022-04-15')") == expected
    assert count(live, f"opened in (DATE('{day}'), DATE('2022-04-15'))") == expected


@pytest.mark.slow
def test_advanced_comparison_operators_logical_and_advanced_comparison_operators_test_data(
    live: Live,
) -> None:
    """Test the predicates of the annex with the halls, because the service does not publish its test data."""
    texts = [
        *(
            "code LIKE 'H_0%'",
            "code NOT LIKE 'H_0%'",
            "windows between 3 and 20",
            "windows not between 3 and 20",
        ),
        *("kind IN ('foo','便民服务站')", "kind NOT IN ('foo','便民服务站')", "windows in (3,5,8)"),
        *("opened in (DATE('2014-12-13'))", "weekends in (true)", "weekends not in (false)"),
    ]
    assert_combinations(live, texts, "((NOT {0} AND {1}) OR ({2} and NOT {3}) or not ({0} AND {3}))")


def test_basic_cql2_basic_test_every_collection_has_queryables_of_known_types(live: Live) -> None:
    for collection in live.get("/collections").json()["collections"]:
        schema = live.get(f"/collections/{collection['id']}/queryables").json()
        types = [shape["type"] for shape in schema["properties"].values()]
        assert {"string", "number", "boolean"} & set(types)


SAMPLES = {"string": "'foo'", "boolean": "true", "number": "3.14"}


def queryables(live: Live, collection: str) -> dict[str, dict[str, str]]:
    properties: dict[str, dict[str, str]] = live.get(f"/collections/{collection}/queryables").json()[
        "properties"
    ]
    return properties


@pytest.mark.slow
@pytest.mark.parametrize("collection", FILTERABLE)
def test_basic_cql2_comparison_opposite_operators_share_no_item(live: Live, collection: str) -> None:
    def ids(name: str, operator: str, value: str) -> set[str]:
        page = live.items(collection, filter=f'"{name}" {operator} {value}', limit=1000)
        return {feature["id"] for feature in page["features"]}

    for name, shape in queryables(live, collection).items():
        if shape["type"] not in SAMPLES:
            continue
        value = "DATE('2022-04-14')" if shape.get("format") == "date" else SAMPLES[shape["type"]]
        for one, other in (("=", "<>"), (">", "<="), ("<", ">=")):
            assert not ids(name, one, value) & ids(name, other, value), (name, one)


@pytest.mark.slow
@pytest.mark.parametrize("collection", FILTERABLE)
def test_basic_cql2_is_null_is_the_opposite_of_is_not_null(live: Live, collection: str) -> None:
    everything = live.items(collection)["numberMatched"]
    for name in queryables(live, collection):
        absent = live.items(collection, filter=f'"{name}" IS NULL')["numberMatched"]
        assert absent + live.items(collection, filter=f'"{name}" is not null')["numberMatched"] == everything


def test_basic_cql2_boolean_of_all_and_of_nothing(live: Live) -> None:
    for collection in FILTERABLE:
        assert (
            live.items(collection, filter="true")["numberMatched"] == live.items(collection)["numberMatched"]
        )
        assert live.items(collection, filter="false")["features"] == []
    true, false = (sum(hall.get("weekends") is one for hall in live.halls) for one in (True, False))
    assert (count(live, "weekends > false"), count(live, "weekends <= true")) == (true, true + false)
    assert (count(live, "weekends < false"), count(live, "weekends >= false")) == (0, true + false)


def test_basic_cql2_test_data_every_comparison_counts_as_a_reader_would(live: Live) -> None:
    """Test the predicates of the annex with the halls, because the service does not publish its test data."""
    compare = {"=": operator.eq, "<>": operator.ne, "<": operator.lt}
    compare |= {"<=": operator.le, ">": operator.gt, ">=": operator.ge}
    samples: dict[str, Any] = {"name": "便民服务站", "windows": 8, "opened": "2014-12-13", "weekends": True}
    for field, value in samples.items():
        literal = {"opened": f"DATE('{value}')", "weekends": "true", "windows": "8"}.get(field, f"'{value}'")
        values: list[Any] = [hall[field] for hall in live.halls if field in hall]
        for sign, holds in compare.items():
            expected = sum(holds(one, value) for one in values)
            assert count(live, f'"{field}"{sign}{literal}') == expected, (field, sign)


def assert_combinations(live: Live, texts: list[str], form: str) -> None:
    """Assert that combinations of four random predicates equal the combined answers to each predicate.

    Only halls with all fields are used, because a predicate over a missing field is unknown.
    """
    whole = " AND ".join(f"{name} IS NOT NULL" for name in ("windows", "opened", "weekends", "kind"))
    alone = {t: frozenset(matching_ids(live, f"({t}) AND {whole}")) for t in texts}
    everything, draw = frozenset(matching_ids(live, whole)), random.Random(21065)
    for _ in range(20):
        four = draw.sample(texts, 4)
        p1, p2, p3, p4 = (alone[t] for t in four)
        expected = ((everything - p1) & p2) | (p3 & (everything - p4)) | (everything - (p1 & p4))
        assert matching_ids(live, f"{whole} AND ({form.format(*four)})") == expected, four


def matching_ids(live: Live, text: str) -> set[str]:
    return {feature["id"] for feature in live.items(PLACES, filter=text, limit=1000)["features"]}


def test_cql2_text_escaping_quotes_and_control_characters(live: Live) -> None:
    quoted = sum(hall.get("kind") == 'it\'s a "hall"' for hall in live.halls)
    doubled, escaped = """kind = 'it''s a "hall"'""", """kind = 'it\\'s a "hall"'"""
    assert count(live, doubled) == count(live, escaped) == quoted > 0
    tree = read_text(r"remark = 'a\a\b\t\n\v\f\r\'\\b\%'").tree
    assert tree.rhs == "a\a\b\t\n\v\f\r'\\b\\%"


REL = "http://www.opengis.net/def/rel/ogc/1.0/queryables"


def test_queryables_get_queryables_uris_a_link_header_names_them(live: Live) -> None:
    for name in FILTERABLE:
        answer = live.client.head(f"{live.base}/ogc/collections/{name}/items")
        assert answer.status_code == 200
        assert answer.links[REL]["url"] == f"{live.base}/ogc/collections/{name}/queryables"


def test_features_filter_get_collections_and_features_filter_get_collection_link_to_queryables(
    live: Live,
) -> None:
    for collection in live.get("/collections").json()["collections"]:
        body = live.get(f"/collections/{collection['id']}").json()
        href = link(body, REL)
        assert href == f"{live.base}/ogc/collections/{collection['id']}/queryables"
        schema = live.client.get(href).json()
        assert schema["$id"] == href
        Draft202012Validator.check_schema(schema)
        assert schema["properties"]
        assert all("type" in shape for shape in schema["properties"].values())


def test_filter_filter_lang_default_and_features_filter_filter_on_items_of_every_feature_collection(
    live: Live,
) -> None:
    for collection in FILTERABLE:
        name = next(iter(queryables(live, collection)))
        for more in ({}, {"filter-lang": "cql2-text"}):
            assert live.items(collection, filter=f"{name} IS NULL", **more)["numberMatched"] == 0
            query = {"filter": "THIS IS NOT A FILTER", **more}
            assert live.get(f"/collections/{collection}/items", **query).status_code == 400


def test_filter_expression_construction_an_unknown_queryable_is_400(live: Live) -> None:
    for collection in FILTERABLE:
        assert live.get(f"/collections/{collection}/queryables").json()["additionalProperties"] is False
        for text in ("this_is_not_a_queryable IS NULL", "geometry IS NULL", "録入人 = 'x'"):
            assert live.get(f"/collections/{collection}/items", filter=text).status_code == 400, text


def test_filter_filter_crs_wgs84_and_filter_filter_crs_param_no_queryable_is_spatial(live: Live) -> None:
    for collection in FILTERABLE:
        assert not any("geometry" in s.get("format", "") for s in queryables(live, collection).values())
        for crs, status in ((CRS84, 200), ("http://www.opengis.net/def/crs/OGC/0/does_not_exist", 400)):
            answer = live.get(f"/collections/{collection}/items", **{"filter": "true", "filter-crs": crs})
            assert answer.status_code == status


def test_filter_get_functions_none_is_offered(live: Live) -> None:
    assert "functions" not in " ".join(one["rel"] for one in live.get("").json()["links"])
    assert live.get("/functions").status_code == 404


def test_features_filter_mixing_expression_a_filter_and_a_box_and_a_property_must_all_hold(
    live: Live,
) -> None:
    box, text = "122,40,123,41", "windows > 5"
    boxed = {f["id"] for f in live.items(PLACES, bbox=box, limit=1000)["features"]}
    expected = boxed & matching_ids(live, text)
    both = live.items(PLACES, bbox=box, filter=text, limit=1000)["features"]
    assert {feature["id"] for feature in both} == expected
    assert 0 < len(expected) < len(boxed)
    assert live.items("divisions", bbox=box, filter="name LIKE '%区'")["numberMatched"] <= 2


def test_divisions_are_filtered_as_texts(live: Live) -> None:
    everything = {f["id"] for f in live.items("divisions")["features"]}
    assert everything == {"210302", "210303"}
    for text, expected in {
        "code = '210302'": {"210302"},
        "code > '210302' OR name LIKE '甲_'": everything,
        "NOT (code BETWEEN '210302' AND '210302')": {"210303"},
        "name IN ('甲区', '乙区') AND code <> '0'": {"210302"},
    }.items():
        assert {f["id"] for f in live.items("divisions", filter=text)["features"]} == expected, text


def assert_claimed(live: Live, name: str) -> None:
    answer = live.client.get(f"{live.base}/ogc/conformance", headers={"accept": "application/json"})
    assert answer.headers["content-type"] == "application/json"
    assert f"http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/{name}" in answer.json()["conformsTo"]


def test_queryables_get_conformance(live: Live) -> None:
    assert_claimed(live, "queryables")


def test_queryables_query_parameters_get_conformance(live: Live) -> None:
    assert_claimed(live, "queryables-query-parameters")


def test_filter_get_conformance(live: Live) -> None:
    assert_claimed(live, "filter")


def test_features_filter_get_conformance(live: Live) -> None:
    assert_claimed(live, "features-filter")
