"""Clients of planners and harvesters read the service: GDAL/OGR, OWSLib, and schemathesis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from owslib.ogcapi.features import Features
from owslib.ogcapi.records import Records
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.publisher.views.ogc.commands import run_program
from tests.publisher.views.ogc.conftest import FEES, HALLS, PLACES, Live


def convert(live: Live, file: Path, *arguments: str) -> list[dict[str, Any]]:
    """Convert a collection with ``ogr2ogr``, in small pages."""
    source = f"OAPIF:{live.base}/ogc/collections/{PLACES}"
    run_program("ogr2ogr", "-f", "GeoJSON", str(file), source, "-oo", "PAGE_SIZE=17", *arguments)
    return list(json.loads(file.read_text(encoding="utf-8"))["features"])


@pytest.mark.program
def test_gdal_lists_the_collections_and_counts_exactly(live: Live) -> None:
    listed = run_program("ogrinfo", f"OAPIF:{live.base}/ogc")
    assert PLACES in listed
    assert FEES in listed
    summary = run_program("ogrinfo", "-so", f"OAPIF:{live.base}/ogc/collections/{PLACES}", PLACES)
    assert f"Feature Count: {HALLS}" in summary
    assert "windows: Integer" in summary or "windows: Real" in summary


@pytest.mark.program
def test_gdal_converts_a_whole_collection_equal_to_the_log(live: Live, tmp_path: Path) -> None:
    features = convert(live, tmp_path / "all.geojson")
    by_code = {f["properties"]["code"]: f for f in features}
    assert len(features) == len(by_code) == HALLS
    for hall in live.halls:
        feature = by_code[hall["code"]]
        properties = {k: v for k, v in feature["properties"].items() if v is not None}
        for name in ("name", "kind", "windows", "weekends", "remark"):
            assert properties.get(name) == hall.get(name), name
        assert ("longitude" in hall) == (feature["geometry"] is not None)
        if feature["geometry"] is not None:
            assert feature["geometry"]["coordinates"][0] == float(str(hall["longitude"]))


@pytest.mark.program
def test_gdal_converts_with_a_filter_and_a_box_equal_to_the_log(live: Live, tmp_path: Path) -> None:
    features = convert(
        live,
        tmp_path / "some.geojson",
        "-where",
        "windows > 10",
        "-spat",
        "122.25",
        "40.25",
        "123.5",
        "41.75",
    )
    codes = {
        hall["code"]
        for hall in live.halls
        if int(str(hall.get("windows", 0))) > 10
        and "longitude" in hall
        and 122.25 <= float(str(hall["longitude"])) <= 123.5
        and 40.25 <= float(str(hall["latitude"])) <= 41.75
    }
    assert {f["properties"]["code"] for f in features} == codes
    assert len(codes) > 5


def test_owslib_reads_features(live: Live) -> None:
    service = Features(f"{live.base}/ogc/")
    assert (
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in service.conformance()["conformsTo"]
    )
    assert {PLACES, FEES} <= set(service.feature_collections())
    page = service.collection_items(PLACES, limit=5, bbox=[122, 40, 124, 42])
    assert page["numberReturned"] == 5
    one = service.collection_item(PLACES, page["features"][0]["id"])
    assert one["properties"] == page["features"][0]["properties"]
    assert "windows" in service.collection_queryables(PLACES)["properties"]
    filtered = service.collection_items(PLACES, filter="code = 'H000003'")
    assert filtered["numberMatched"] == 1


def test_owslib_reads_records(live: Live) -> None:
    service = Records(f"{live.base}/ogc/")
    assert "catalogue" in service.records()
    page = service.collection_items("catalogue", q="办事大厅")
    assert PLACES in [record["id"] for record in page["features"]]
    assert service.collection_item("catalogue", PLACES)["properties"]["title"] == "办事大厅(演示数据)"


@pytest.mark.slow
def test_schemathesis_finds_no_answer_that_violates_the_definition(live: Live) -> None:
    definition = schemathesis.openapi.from_dict(live.get("/api").json())
    definition.config.update(base_url=f"{live.base}/ogc")

    checked = 0
    for operation in definition.get_all_operations():
        assert isinstance(operation, Ok)
        assert_conforms(operation.ok().as_strategy())
        checked += 1
    assert checked > 15


def assert_conforms(strategy: Any) -> None:
    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def run_case(case: Any) -> None:
        # A string that the definition allows need not be CQL2 or a day. Refusing it with 400 is correct.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    run_case()
