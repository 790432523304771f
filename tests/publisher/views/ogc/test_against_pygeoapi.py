"""Pages of a dataset, built from the log, equal those of pygeoapi's own function over our provider."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import urlencode

import pytest

from publisher.settings import read_settings
from publisher.views.ogc import parameters
from publisher.views.ogc.features import dataset_items
from publisher.views.ogc.routes import open_geo
from publisher.views.ogc.site import Geo, resource
from publisher.views.pages.printing.templates import Press
from publisher.web.service import create_service
from tests.publisher.views.ogc.conftest import Live
from tests.publisher.views.ogc.filters import FilterMaker
from tests.publisher.views.ogc.places import KINDS, PLACES, catalogue

REQUESTS = 300
NAMES = [*catalogue().by_name, "part", "release", "effective_from"]


@pytest.fixture(scope="module")
def geo(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Geo:
    settings = read_settings(tmp_path_factory.mktemp("geo"), {})
    return open_geo(create_service(settings, live.log, live.engine), None, Press())


def draw_parameters(draw: random.Random, live: Live) -> dict[str, str]:
    """Draw some parameters of a page with valid values."""
    west, south = draw.uniform(122, 124), draw.uniform(40, 42)
    everything = {
        "limit": str(draw.choice((1, 7, 20, 80, 1000, 5000))),
        "offset": str(draw.randrange(100)),
        "sortby": ",".join(draw.choice("+-") + name for name in draw.sample(NAMES, 2)),
        "properties": ",".join(draw.sample(NAMES, draw.randrange(1, 5))),
        "skipGeometry": draw.choice(("true", "false")),
        "bbox": f"{west},{south},{west + 1},{south + 1}",
        "datetime": draw.choice(("2015-07-01", "../2030-01-01", "2014-01-01T00:00:00Z/..")),
        "kind": draw.choice(KINDS),
        "weekends": draw.choice(("true", "false")),
        "filter": FilterMaker(draw.randrange(5_000), list(live.halls)).condition(2)[0],
        "lang": draw.choice(("zh", "en")),
    }
    return dict(draw.sample(list(everything.items()), draw.randrange(6)))


def as_pygeoapi_answers(geo: Geo, params: dict[str, str]) -> dict[str, Any]:
    """Return the page of pygeoapi. Our provider evaluates ``filter``, so pygeoapi does not receive it."""
    query = urlencode(params).encode()
    query_parameters = parameters.parse(query, {}, dataset_items.allowed_parameters(catalogue()))
    question = dataset_items.parse_item_query(
        geo.service.cursors, geo.dataset(PLACES), catalogue(), query_parameters
    )
    source = dataset_items.make_source(geo, question)
    pygeoapi_parameters = {name: value for name, value in params.items() if name != "filter"}
    envelope = geo.core.items(PLACES, resource(PLACES, "", source=source), pygeoapi_parameters)
    assert source.items is not None
    return {**envelope, "features": [json.loads(bytes(feature)) for feature in source.items.features]}


@pytest.mark.slow
@pytest.mark.parametrize("number", [REQUESTS // 10, pytest.param(REQUESTS, marks=pytest.mark.soak)])
def test_a_page_equals_the_answer_of_pygeoapi_to_any_request(live: Live, geo: Geo, number: int) -> None:
    draw = random.Random(8)
    returned = 0
    for _ in range(number):
        params = draw_parameters(draw, live)
        page = live.items(PLACES, **params)
        del page["links"], page["timeStamp"]  # ours is the time of the state, theirs of the request
        assert page == as_pygeoapi_answers(geo, params), params
        returned += page["numberReturned"]
    assert returned > number * 5


@pytest.mark.parametrize(
    "params",
    [{"limit": "0"}, {"limit": "x"}, {"offset": "-1"}, {"sortby": "nothing"}, {"properties": "name,nothing"}],
)
def test_requests_that_pygeoapi_refuses_are_refused(live: Live, params: dict[str, str]) -> None:
    assert live.get(f"/collections/{PLACES}/items", **params).status_code == 400


def test_an_empty_page_has_numbers_returned_and_matched(live: Live) -> None:
    page = live.items(PLACES, offset="100000")
    assert (page["features"], page["numberReturned"]) == ([], 0)
    assert page["numberMatched"] == len(live.halls)
