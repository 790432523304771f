"""Programs read a list named ``…-items`` whose columns fill after the first page, and lose nothing."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path

import httpx
import pytest
from openapi_spec_validator import validate
from owslib.ogcapi.features import Features

from publisher.log.log import Log
from schemas.definition.catalogue import Content
from tests.publisher.views.ogc import places
from tests.publisher.views.ogc.commands import run_program
from tests.support.clock import Clock
from tests.support.required import skip_or_fail
from tests.support.servers.http_service import address, loopback_socket, serving
from tests.support.servers.uv import uv
from tests.support.site import Site, demo_dataset, opened, publish, ticking_clock

NAME = "hall-items"
ROWS, FIRST_LATE, PAGE = 60, 40, 20
_PYTHON = "/usr/bin/python3"


def halls() -> list[Content]:
    """Build halls with coordinates; kind and windows are filled from row 40 on."""
    rows: list[Content] = [
        {"code": f"H{n:03}", "name": f"大厅{n:03}", "longitude": "123.25", "latitude": "41.5"}
        for n in range(ROWS)
    ]
    for row in rows[FIRST_LATE:]:
        row |= {"kind": "综合", "windows": 7}
    return rows


EXPECTED = {str(row["code"]): (str(row.get("kind") or ""), str(row.get("windows") or "")) for row in halls()}
"""Code → kind and windows as texts, empty where there is none."""


@pytest.fixture(scope="module")
def ogc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the list → the address of the landing page."""

    def fill(log: Log, _: Clock) -> None:
        log.datasets.create(demo_dataset(NAME, catalogue="halls"), places.catalogue())
        publish(log, NAME, halls(), date(2015, 1, 1), "示政〔2015〕1号")

    bound, clock = loopback_socket(), ticking_clock(datetime(2016, 1, 4, 1, tzinfo=UTC))
    home = tmp_path_factory.mktemp("late")
    with (
        opened(home, Site, content=fill, clock=clock, base=address(bound)) as site,
        serving(site.app, bound) as base,
    ):
        yield f"{base}/ogc"


def columns(rows: list[Mapping[str, object]]) -> dict[str, tuple[str, str]]:
    def text(value: object) -> str:
        return "" if value is None else str(value)

    return {str(row["code"]): (text(row["kind"]), text(row["windows"])) for row in rows}


@pytest.mark.slow
def test_every_address_of_a_list_whose_name_ends_in_items_answers(ogc: str) -> None:
    definition = httpx.get(f"{ogc}/api").json()
    validate(definition)
    operations = [item["get"]["operationId"] for item in definition["paths"].values()]
    assert len(operations) == len(set(operations))
    assert {f"/collections/{NAME}/items", f"/collections/{NAME}/items/{{featureId}}"} <= set(
        definition["paths"]
    )
    for leaf in ("", "/items", "/queryables", "/schema"):
        answer = httpx.get(f"{ogc}/collections/{NAME}{leaf}")
        assert answer.status_code == 200, leaf
        for entry in answer.json().get("links", ()):
            assert httpx.get(entry["href"]).status_code == 200, entry
    (feature,) = httpx.get(f"{ogc}/collections/{NAME}/items?limit=1").json()["features"]
    item = httpx.get(f"{ogc}/collections/{NAME}/items/{feature['id']}").json()
    assert item["properties"] == feature["properties"]


@pytest.mark.program
def test_gdal_keeps_the_columns(ogc: str, tmp_path: Path) -> None:
    file, source = tmp_path / "late.csv", f"OAPIF:{ogc}/collections/{NAME}"
    run_program("ogr2ogr", "-f", "CSV", str(file), source, "-oo", f"PAGE_SIZE={PAGE}")
    with file.open(encoding="utf-8") as lines:
        assert columns(list(csv.DictReader(lines))) == EXPECTED


def test_owslib_keeps_the_columns(ogc: str) -> None:
    service = Features(f"{ogc}/")
    assert NAME in service.feature_collections()
    pages = [service.collection_items(NAME, limit=PAGE, offset=start) for start in range(0, ROWS, PAGE)]
    first = set(pages[0]["features"][0]["properties"])
    features = [feature for page in pages for feature in page["features"]]
    assert {frozenset(feature["properties"]) for feature in features} == {frozenset(first)}
    assert columns([feature["properties"] for feature in features]) == EXPECTED


_QGIS = """
import json, sys
from qgis.core import NULL, QgsApplication, QgsVectorLayer
application = QgsApplication([], False)
application.initQgis()
address, name, page = sys.argv[1:]
layer = QgsVectorLayer(f"url='{address}' typename='{name}' pageSize='{page}'", name, "OAPIF")
assert layer.isValid(), layer.error().message()
names = ("code", "kind", "windows")
rows = [{n: None if one[n] == NULL else one[n] for n in names} for one in layer.getFeatures()]
print(json.dumps(rows))
del layer  # before the program that it belongs to
application.exitQgis()
"""
_PYGEOAPI = """
import json, sys
from pygeoapi.provider.ogr import OGRProvider
address, name, page = sys.argv[1:]
source = {
    "source_type": "OAPIF", "source": f"OAPIF:{address}/collections/{name}",
    "source_capabilities": {"paging": True}, "open_options": {"PAGE_SIZE": page},
}
provider = OGRProvider({"name": "OGR", "type": "feature", "id_field": "name", "layer": name, "data": source})
print(json.dumps([one["properties"] for one in provider.query(limit=1000)["features"]]))
"""


def run_script(python: str, script: str, ogc: str) -> list[Mapping[str, object]]:
    """Run a program with the list as its argument → the rows that it printed."""
    environ = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "NO_PROXY": "*", "PYTHONPATH": ""}
    command = [python, "-c", script, ogc, NAME, str(PAGE)]
    process = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert process.returncode == 0, process.stderr
    rows: list[Mapping[str, object]] = json.loads(process.stdout.splitlines()[-1])
    return rows


def system_python(module: str, package: str) -> str:
    """Return the Python of the system if it has a module that comes with a package of Debian's."""
    command = [_PYTHON, "-c", f"import {module}"]
    if not Path(_PYTHON).exists() or subprocess.run(command, capture_output=True, check=False).returncode:
        skip_or_fail(f"{_PYTHON} has no {module} (apt-get install {package})")
    return _PYTHON


@pytest.mark.soak
def test_qgis_keeps_the_columns(ogc: str) -> None:
    assert columns(run_script(system_python("qgis.core", "python3-qgis"), _QGIS, ogc)) == EXPECTED


@pytest.mark.soak
def test_pygeoapi_keeps_the_columns(ogc: str, tmp_path: Path) -> None:
    """pygeoapi reads other servers through GDAL's Python, which only the system's Python has.

    Its provider (0.24) fails on features without geometry, whatever server they come from; here all have one.
    """
    environment = str(tmp_path / "environment")
    python = f"{environment}/bin/python"
    own = system_python("osgeo", "python3-gdal")
    create = [uv(), "venv", "-q", "--python", own, "--system-site-packages", environment]
    subprocess.run(create, check=True)
    install = [uv(), "pip", "install", "-q", "--python", python]
    # Debian's Python may be older than pygeoapi declares, which this provider does not need.
    needs = [text for text in metadata.requires("pygeoapi") or () if not text.startswith("rasterio")]
    subprocess.run([*install, "pip", *needs], check=True)
    pygeoapi = f"pygeoapi=={metadata.version('pygeoapi')}"
    options = ("--quiet", "--no-deps", "--ignore-requires-python")
    subprocess.run([python, "-m", "pip", "install", *options, pygeoapi], check=True)
    assert columns(run_script(python, _PYGEOAPI, ogc)) == EXPECTED
