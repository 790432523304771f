"""Random CQL2 as text and JSON, against a slow reference that uses neither SQL nor a parser."""

from __future__ import annotations

import json
import random
from urllib.parse import quote

import pytest

from publisher.log.model import RecordQuery
from publisher.views.ogc.cql2 import parser
from publisher.views.ogc.cql2.queryables import catalogue_queryables
from publisher.views.ogc.cql2.to_predicate import translate
from tests.publisher.views.ogc.conftest import Live
from tests.publisher.views.ogc.filters import FilterMaker
from tests.publisher.views.ogc.places import PLACES, catalogue

FILTERS = 5_000


@pytest.mark.slow
@pytest.mark.parametrize("number", [FILTERS // 50, pytest.param(FILTERS, marks=pytest.mark.soak)])
def test_random_filters_pick_the_rows_of_a_slow_reference_in_both_writings(live: Live, number: int) -> None:
    halls, fields = list(live.halls), catalogue()
    picked = 0
    for seed in range(number):
        text, tree, holds = FilterMaker(seed, halls).condition(2)
        parsed = parser.read_json(json.dumps(tree)) if seed % 2 else parser.read_text(text)
        page = live.log.queries.raw_records(
            PLACES, RecordQuery(where=translate(parsed, catalogue_queryables(fields)), limit=1000)
        )
        expected = sorted(str(hall["code"]) for hall in halls if holds(hall) is True)
        assert sorted(json.loads(m.content)["code"] for m in page.records) == expected, (seed, text)
        assert page.total == len(expected), (seed, text)
        picked += bool(expected)
    assert picked > number // 3


@pytest.mark.slow
def test_random_filters_answer_the_same_over_http(live: Live) -> None:
    halls = list(live.halls)
    for seed in range(FILTERS, FILTERS + 60):
        text, tree, holds = FilterMaker(seed, halls).condition(2)
        expected = sum(holds(hall) is True for hall in halls)
        assert live.items(PLACES, filter=text)["numberMatched"] == expected, text
        page = live.items(PLACES, **{"filter": json.dumps(tree), "filter-lang": "cql2-json"})
        assert page["numberMatched"] == expected, text


@pytest.mark.slow
def test_broken_filters_are_refused_and_never_a_fault_of_the_server(live: Live) -> None:
    draw = random.Random(11)
    halls = list(live.halls)
    for seed in range(150):
        text, tree, _ = FilterMaker(seed, halls).condition(2)
        whole = json.dumps(tree) if seed % 2 else text
        place = draw.randrange(len(whole) + 1)
        broken = draw.choice(
            (
                whole[:place],
                whole[:place] + draw.choice("'\"()%\\,{}[]=<>") + whole[place:],
                whole[:place] + draw.choice((" AND ", " NOT ", " 1e999 ", " NULL ", "(((")) + whole[place:],
            )
        )
        language = "cql2-json" if seed % 2 else "cql2-text"
        address = f"/collections/{PLACES}/items?filter-lang={language}&filter={quote(broken)}"
        response = live.get(address)
        assert response.status_code in (200, 400), (broken, response.text)
        if response.status_code == 400:
            assert response.json()["code"] == "InvalidParameterValue"
