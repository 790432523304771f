"""An erasure reaches whoever keeps copies: in changes, in every feed, and in the recipe for a mirror."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from feeds.feedgen_adapter import QINGDAN
from publisher.log.log import Log
from schemas.definition.file_loader import load_catalogue
from tests.support.clock import Clock
from tests.support.servers import http_service
from tests.support.site import FEES, PLAIN, Site, demo_dataset, four_releases, opened, publish, ticking_clock

pytestmark = pytest.mark.both_databases

GROUND = "（2026）法民初1号"
NAME = "价格鉴证业务收费"
RECIPE = Path(__file__).parents[4] / "docs" / "examples" / "mirror.py"


@pytest.fixture
def site(tmp_path: Path, database: str) -> Iterator[Site]:
    with four_releases(tmp_path, database=database) as site:
        yield site


def erase(site: Site) -> dict[str, Any]:
    """Erase a record → what readers must learn of it."""
    record = site.record(NAME)
    release = site.log.releases.erase(records=[(FEES, record)], ground=GROUND)
    at = release.published_at.isoformat().replace("+00:00", "Z")
    return {"record": record, "release": release.number, "erased_at": at, "ground": GROUND}


def test_changes_name_the_record_the_time_and_the_ground(site: Site) -> None:
    before = site.client.get(f"/v1/datasets/{FEES}/changes?since=0").json()
    assert before["erasures"] == []
    assert {change["erasure"] for change in before["changes"]} == {None}
    erasure = erase(site)
    after = site.client.get(f"/v1/datasets/{FEES}/changes?since={before['last']}").json()
    assert (after["erasures"], after["erased"], after["changes"]) == ([erasure], [erasure["record"]], [])
    address: str | None = f"/v1/datasets/{FEES}/changes?since=0&limit=2"
    erasures = []
    while address:
        page = site.client.get(address).json()
        erasures += [c["erasure"] for c in page["changes"] if c["record"] == erasure["record"]]
        address = page["links"]["next"] and page["links"]["next"].partition("gov.cn")[2]
        assert page["erasures"] == ([erasure] if "cursor" not in page["links"]["self"] else [])
    assert erasures == [erasure, erasure]
    history = site.client.get(f"/v1/datasets/{FEES}/records/{erasure['record']}/history").json()
    assert [change["erasure"] for change in history["changes"]] == [erasure, erasure]


def test_every_feed_carries_the_erasure_even_after_its_entries_have_left(site: Site) -> None:
    changed = {form: site.client.get(f"/feeds/{FEES}.{form}").content for form in ("atom", "rss", "json")}
    assert not any(b"erasure" in one for one in changed.values())
    erasure = erase(site)
    for name in ("all", FEES):
        feed = site.client.get(f"/feeds/{name}.json?change=corrected").json()
        (told,) = feed["_qingdan"]["erasures"]
        assert (told["dataset"], told["record"], told["ground"]) == (FEES, erasure["record"], GROUND)
        for form in ("atom", "rss"):
            root = etree.fromstring(site.client.get(f"/feeds/{name}.{form}?change=corrected").content)
            (element,) = root.iter(f"{{{QINGDAN}}}erasure")
            assert (element.get("record"), element.text) == (erasure["record"], GROUND)
            parsed = feedparser.parse(etree.tostring(root))
            assert parsed.bozo is False
        atom = etree.fromstring(site.client.get(f"/feeds/{name}.atom").content)
        assert atom.findtext("{http://www.w3.org/2005/Atom}updated") == element.get("erased-at")
    assert "erasures" not in str(site.client.get("/feeds/empty-fees.json").json())
    assert "_qingdan" not in site.client.get(f"/feeds/{FEES}.json?archive=1").json()


def test_no_cache_keeps_the_state_of_a_release_that_another_one_had_brought_the_record(site: Site) -> None:
    kept = "城镇垃圾处理费"  # releases 3 and 4 say nothing of it, and their states contain it
    record = site.record(kept)
    paths = (
        *(f"/v1/datasets/{FEES}/records?release=4", f"/ogc/collections/{FEES}/items?release=4"),
        *(f"/v1/datasets/{FEES}/compare?from=3&to=4", f"/v1/datasets/{FEES}/releases/4/files/jsonl"),
        f"/v1/datasets/{FEES}/releases/4/files/csv",
    )
    before = {path: site.client.get(path) for path in paths}
    site.clock.advance(days=1)
    site.log.releases.erase(records=[(FEES, record)], ground=GROUND)
    for path, old in before.items():
        new = site.client.get(path, headers={"if-none-match": old.headers["etag"]})
        assert (new.status_code, kept in new.text) == (200, False), path
        dated = site.client.get(path, headers={"if-modified-since": old.headers["last-modified"]})
        assert dated.status_code == 200, path


@pytest.mark.slow
def test_the_recipe_for_a_mirror_destroys_what_the_site_erased(tmp_path: Path, database: str) -> None:
    bound, mirror = http_service.loopback_socket(), tmp_path / "mirror.db"
    base = http_service.address(bound)

    def run() -> str:
        command = [sys.executable, "-I", str(RECIPE), base, str(mirror)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    with (
        four_releases(tmp_path / "home", database=database, base=base) as site,
        http_service.serving(site.app, bound),
    ):
        assert "; 0 records were erased" in run()
        assert NAME.encode() in mirror.read_bytes()
        erasure = erase(site)
        assert "; 1 records were erased" in run()
        assert NAME.encode() not in mirror.read_bytes()
        assert run() == run()
    with sqlite3.connect(mirror) as copy:
        assert copy.execute("SELECT record, ground FROM erasure").fetchall() == [(erasure["record"], GROUND)]
        assert copy.execute("SELECT count(*) FROM change").fetchone()[0] > 4


@pytest.mark.slow
def test_the_bytes_are_in_no_file_of_the_home_and_not_in_the_index(tmp_path: Path) -> None:
    """Also in none that an export, a feed or the search engine has written."""
    secret = "Zhangsan110101199003070011"  # a token that no analyzer takes apart
    clock = ticking_clock(datetime(2016, 1, 4, 1, tzinfo=UTC))

    def fill(log: Log, _clock: Clock) -> None:
        log.datasets.create(demo_dataset(FEES), load_catalogue("fees"))
        contents = [{**PLAIN[0], "name": secret}, *PLAIN[1:]]
        publish(log, FEES, contents, date(2015, 1, 1), "示财〔2015〕1号")

    def files_with_secret() -> set[str]:
        forms = (secret.encode(), secret.lower().encode(), secret.encode("utf-16-le"))
        files = (path for path in tmp_path.rglob("*") if path.is_file())
        return {
            str(path.relative_to(tmp_path)) for path in files if any(f in path.read_bytes() for f in forms)
        }

    with opened(tmp_path, Site, content=fill, clock=clock) as site:
        kept_size = site.log.proofs.size()
        for form in ("csv", "jsonl", "json"):
            assert secret in site.client.get(f"/v1/datasets/{FEES}/releases/1/files/{form}").text
        assert (
            site.client.get("/v1/log.zip").status_code == site.client.get("/v1/site.zip").status_code == 200
        )
        assert site.client.get(f"/v1/search?q={secret}").json()["total"] == 1
        places = {name.partition("/")[0].removesuffix("-wal") for name in files_with_secret()}
        assert {"qingdan.db", "index", "sources"} <= places, places
        site.log.releases.erase(records=[(FEES, site.record(secret))], ground=GROUND)
        site.index()
        assert site.client.get(f"/v1/search?q={secret}").json()["total"] == 0
        assert files_with_secret() == set()
        assert site.log.proofs.consistency(kept_size, site.log.proofs.size())
    assert files_with_secret() == set()
