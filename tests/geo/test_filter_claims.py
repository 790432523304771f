"""OGC 19-079r2 (Features, Part 3) and 21-065r2 (CQL2), annexes A: the classes that are claimed."""

from __future__ import annotations

import json

import pytest

from tests.geo.conftest import HALLS, PLACES, Live


def count(live: Live, text: str) -> int:
    return int(live.items(PLACES, filter=text)["numberMatched"])


def refused(live: Live, text: str, language: str = "cql2-text") -> str:
    answer = live.get(
        f"/collections/{PLACES}/items", **{"filter": text, "filter-lang": language, "lang": "en"}
    )
    assert answer.status_code == 400, (text, answer.text)
    description: str = answer.json()["description"]
    return description


def test_queryables_get_queryables_response_is_a_json_schema_of_what_a_filter_may_name(live: Live) -> None:
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


def test_queryables_query_parameters_parameters_every_queryable_is_one(live: Live) -> None:
    document = live.get("/api").json()
    told = {
        p["name"]
        for p in document["paths"][f"/collections/{PLACES}/items"]["get"]["parameters"]
        if "name" in p
    }
    queryables = live.get(f"/collections/{PLACES}/queryables").json()["properties"]
    assert told == set(queryables)


def test_filter_filter_param_and_response_only_items_for_which_it_is_true(live: Live) -> None:
    wanted = sum(hall.get("weekends") is True for hall in live.halls)
    unknown = sum("weekends" not in hall for hall in live.halls)
    assert count(live, "weekends = TRUE") == wanted
    assert count(live, "NOT (weekends = TRUE)") == HALLS - wanted - unknown
    assert live.items(PLACES, filter="weekends = TRUE", windows="3")["numberMatched"] <= wanted


def test_filter_filter_lang_and_filter_crs_take_what_is_named_only(live: Live) -> None:
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
def test_features_filter_invalid_filter_is_400_with_the_place(live: Live, text: str, place: str) -> None:
    assert place in refused(live, text)


def test_features_filter_limits_are_told(live: Live) -> None:
    assert "4000" in refused(live, f"name = '{'x' * 4000}'")
    assert "levels" in refused(live, "(" * 60 + "TRUE" + ")" * 60)
    assert "conditions" in refused(live, " OR ".join(["windows = 1"] * 250))
    assert refused(live, "NOT " * 900 + "TRUE")
    assert "wildcards" in refused(live, f"name LIKE '{'%a' * 30}'")


def test_basic_cql2_precedence_brackets_and_truth_values(live: Live) -> None:
    assert count(live, "TRUE OR TRUE AND FALSE") == HALLS
    assert count(live, "(TRUE OR TRUE) AND FALSE") == 0
    assert count(live, "NOT FALSE AND TRUE") == HALLS
    assert count(live, "true") == HALLS
    assert count(live, "weekends OR NOT weekends") == sum("weekends" in hall for hall in live.halls)


def test_cql2_text_and_cql2_json_agree(live: Live) -> None:
    text = "windows >= 10 AND NOT (kind = '税务大厅' OR remark IS NULL)"
    equal = {"op": "=", "args": [{"property": "kind"}, "税务大厅"]}
    null = {"op": "isNull", "args": [{"property": "remark"}]}
    either = {"op": "not", "args": [{"op": "or", "args": [equal, null]}]}
    tree = {"op": "and", "args": [{"op": ">=", "args": [{"property": "windows"}, 10]}, either]}
    found = live.items(PLACES, **{"filter": json.dumps(tree), "filter-lang": "cql2-json", "limit": "1000"})
    assert found["features"] == live.items(PLACES, filter=text, limit=1000)["features"] != []
    for bad in ("[", '{"op":"="}', '{"op":"like","args":[{"property":"name"}]}', "[]", "5", '{"op":"drop"}'):
        refused(live, bad, "cql2-json")
    assert "character" in refused(live, '{"op":"=","args":[{"property":"nothing"},1]}', "cql2-json")


def test_advanced_comparison_operators_like_between_in(live: Live) -> None:
    assert count(live, "code LIKE 'H00000_'") == 10
    assert count(live, "remark LIKE 'abc'") == sum(hall.get("remark") == "abc" for hall in live.halls)
    assert count(live, "code BETWEEN 'H000003' AND 'H000005'") == 3
    assert count(live, "code NOT IN ('H000003', 'H000004')") == HALLS - 2
    assert count(live, "kind IN ('it''s a \"hall\"')") > 0
