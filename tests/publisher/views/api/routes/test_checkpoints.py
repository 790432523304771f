"""Checkpoints travel with what is published, and never change the validator of another dataset."""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from aics_tlog import note as foreign_note
from lxml import etree

from publisher.log.log import Log
from publisher.views.api.contract import ROUTES
from publisher.views.exports.formats import FILE_FORMATS
from publisher.views.pages import routes as page_routes
from publisher.views.pages.printing.templates import Press
from tests.publisher.log.test_keys import SIGNER, elsewhere
from tests.support.site import FEES, PLAIN, Site, four_releases, publish

OTHER = "empty-fees"
QINGDAN = "{urn:x-qingdan:feed}"
OGC = "/ogc/collections/{collection}"
_FORMS = ("atom", "csv", "json", "jsonl", "rss", "xlsx")
_TABLES = ("changes", "findings", "commitments", "limits", "works", "effects")
SITE_WIDE = {
    *("/v1/findings", "/v1/findings/{finding}", "/findings", "/findings/{finding}", "/checks/{code}"),
    *("/v1/changes", "/changes", "/works", "/works/{key}", "/v1/citations", "/v1/effects"),
    *("/v1/works", "/v1/works/{key}", "/v1/works/{key}/cited-by", "/v1/works/{key}/effects"),
    *("/v1/limits", "/limits", "/v1/commitments", "/v1/commitments/{record}/evidence"),
    *("/commitments", "/commitments/{record}", "/commitments.ics"),
    *(f"/{page}.{form}" for page in _TABLES for form in _FORMS),
    *("/v1/datasets", "/v1/site.zip", "/v1/log.zip", "/v1/search", "/v1/suggest", "/feeds.opml", "/catalog"),
    *("/feeds/search.atom", "/feeds/search.rss", "/feeds/search.json", "/sitemap.xml", "/robots.txt"),
    *("/healthz", "/readyz", "/openapi.json", "/v1/schemas", "/log/keys.json", "/", "/search", "/developers"),
    *("/search.csv", "/search.xlsx", "/assets/{name}", "/developers/{document}"),
    *("/developers/{folder}/{page}", "/developers/examples/{name}", "/developers/images/{name}"),
    *("/privacy", "/accessibility", "/copyright"),
    *("/verify", "/catalog.jsonld", "/catalog.ttl", "/catalog.rdf", "/catalog.nt"),
}
"""Addresses that no single dataset has: what they say depends on every dataset, or on none."""
WITH_INBOX = {
    *("/corrections", "/corrections/receipt", "/datasets/{dataset}/records/{record}/correction"),
    *("/follow", "/follow/sent", "/follow/confirm", "/follow/leave"),
}
"""Addresses that a site has only with an inbox, or whose answers no cache stores."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with four_releases(tmp_path) as site:
        yield site


def sign_elsewhere(site: Site, folder: Path) -> str:
    """Have a command sign the checkpoints → the command. Nothing is signed until it runs."""
    script = folder / "signer.py"
    script.write_text(SIGNER, encoding="utf-8")
    command = f"{sys.executable} {script}"
    site.log.keys.create(public=str(elsewhere()), command=command)
    return command


def publish_other(log: Log, n: int) -> None:
    publish(log, OTHER, PLAIN[: n + 1], date(2016, 1, 1 + n), "示财〔2016〕1号")


def header(answer: httpx.Response) -> str:
    """Decode the checkpoint that a response carries; empty: none."""
    return base64.b64decode(answer.headers.get("qingdan-checkpoint", "")).decode()


def templates() -> set[str]:
    """List the paths of all operations, of all pages and of the OGC API of a dataset."""
    routes = (*ROUTES, *page_routes.routes(Press()))
    ogc = {OGC, f"{OGC}/queryables", f"{OGC}/schema", f"{OGC}/items", f"{OGC}/items/{{item}}"}
    return {route.operation.path for route in routes} | ogc


def addresses(site: Site) -> list[str]:
    """List addresses of one dataset, of every kind: current, pinned and dated."""
    record = site.record("城镇垃圾处理费")
    names = {
        "dataset": [FEES],
        "number": ["1"],
        "record": [record],
        "item": [record],
        "revision": [str(site.log.queries.record(FEES, record).revision)],
        "collection": [FEES],
        "form": list(FILE_FORMATS),
        "position": ["2"],
        "old_size": ["1"],
        "new_size": ["3"],
        "digest": [site.log.proofs.entry(0).entry.digest],
        "schema": ["fees"],
        "code": ["no-such-record"],
    }
    queries = {
        "/v1/datasets/{dataset}/compare": ["?from=1&to=2"],
        "/v1/datasets/{dataset}/compare.csv": ["?from=1&to=2"],
        "/v1/datasets/{dataset}/compare.xlsx": ["?from=1&to=2"],
        "/datasets/{dataset}/compare": ["?from=1&to=2", ""],
        "/v1/datasets/{dataset}/releases/{number}/delta": ["?from=1"],
        "/v1/datasets/{dataset}/records": ["", "?release=1", "?as_of=2015-06-01"],
        "/v1/datasets/{dataset}/records/{record}": ["", "?release=1"],
        "/datasets/{dataset}/records/{record}": ["", "?release=1"],
        "/datasets/{dataset}": ["", "?release=1"],
        "/feeds/{dataset}.atom": ["", "?change=removed"],
    }
    paths = []
    for template in sorted(templates() - SITE_WIDE - WITH_INBOX):
        filled = [template]
        for name, values in names.items():
            filled = list(dict.fromkeys(path.replace(f"{{{name}}}", v) for path in filled for v in values))
        paths += [path + query for path in filled for query in queries.get(template, [""])]
    return paths


def etags(site: Site) -> dict[str, str]:
    tags = {}
    for path in addresses(site):
        answer = site.client.get(path)
        assert answer.status_code == 200, (path, answer.text[:300])
        tags[path] = answer.headers["etag"]
    return tags


@pytest.mark.slow
@pytest.mark.parametrize(
    "is_signed",
    [pytest.param(True, id="signed"), pytest.param(False, id="not-signed")],
)
def test_no_validator_changes_by_the_publication_of_another_dataset(
    site: Site, tmp_path: Path, *, is_signed: bool
) -> None:
    if is_signed:
        site.log.keys.create()
    else:
        sign_elsewhere(site, tmp_path)
    publish_other(site.log, 0)
    site.index()
    etags(site)  # generates the files, whose digests are listed
    before = etags(site)
    assert len(before) > 40
    publish_other(site.log, 1)
    site.index()
    assert etags(site) == before


def test_what_is_pinned_carries_the_first_checkpoint_and_what_is_current_a_link(site: Site) -> None:
    site.log.keys.create()
    publish_other(site.log, 0)
    release = site.client.get(f"/v1/datasets/{FEES}/releases/1").json()
    first = foreign_note.parse_note(release["checkpoint"])
    assert len(first.signatures) == 1
    record = site.record("城镇垃圾处理费")
    for path in (
        f"/v1/datasets/{FEES}/records?release=1",
        f"/v1/datasets/{FEES}/records/{record}?release=1",
        f"/v1/datasets/{FEES}/releases/1",
        f"/v1/datasets/{FEES}/releases/1/files/csv",
        f"/v1/datasets/{FEES}/releases/1/document",
        f"/v1/datasets/{FEES}/releases/1/manifest",
        f"/v1/datasets/{FEES}/schema?release=1",
        f"/v1/datasets/{FEES}/compare?from=1&to=2",
        f"/datasets/{FEES}?release=1",
        f"/ogc/collections/{FEES}/items/{record}?release=1",
    ):
        answer = site.client.get(path)
        assert header(answer) == release["checkpoint"], path
        again = site.client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, header(again)) == (304, release["checkpoint"])
        assert "qingdan-checkpoint" in answer.headers["access-control-expose-headers"].lower()
    for path in (
        f"/v1/datasets/{FEES}/records",
        f"/v1/datasets/{FEES}/records/{record}",
        f"/v1/datasets/{FEES}/files/csv",
        f"/datasets/{FEES}",
        f"/ogc/collections/{FEES}/items/{record}",
    ):
        answer = site.client.get(path)
        assert not header(answer)
        relation = answer.links["https://c2sp.org/tlog-checkpoint"]
        assert relation["url"] == "https://data.example.gov.cn/log/checkpoint"


@pytest.mark.slow
def test_a_release_is_not_yet_signed_until_a_checkpoint_covers_it(site: Site, tmp_path: Path) -> None:
    command = sign_elsewhere(site, tmp_path)
    api, page = f"/v1/datasets/{FEES}/releases/4", f"/datasets/{FEES}/releases/4"
    pinned = f"/v1/datasets/{FEES}/records?release=4"
    answer, listed = site.client.get(api), site.client.get(pinned)
    assert answer.json()["checkpoint"] is None
    assert "尚未签名" in site.client.get(page).text
    assert "not yet signed" in site.client.get(f"{page}?lang=en").text
    assert not header(listed)
    assert site.log.keys.sign_newest(command)
    signed = site.client.get(api)
    assert signed.json()["checkpoint"].startswith("data.example.gov.cn/log\n")
    assert signed.headers["etag"] != answer.headers["etag"]
    assert signed.headers["last-modified"] != answer.headers["last-modified"]
    assert "尚未签名" not in site.client.get(page).text
    after = site.client.get(pinned)
    assert after.headers["etag"] == listed.headers["etag"]
    assert header(after) == signed.json()["checkpoint"]
    publish_other(site.log, 0)
    site.log.keys.sign_newest(command)
    assert site.client.get(api).json() == signed.json()  # the first one stays
    every = site.client.get(f"/v1/datasets/{FEES}/releases").json()["releases"]
    assert {one["checkpoint"] for one in every} == {signed.json()["checkpoint"]}


def test_a_feed_carries_the_checkpoint_of_its_newest_entry(site: Site) -> None:
    without = site.client.get(f"/feeds/{FEES}.atom")
    assert etree.fromstring(without.content).find(f"{QINGDAN}checkpoint") is None
    site.log.keys.create()
    note = site.client.get(f"/v1/datasets/{FEES}/releases/4").json()["checkpoint"]
    atom = site.client.get(f"/feeds/{FEES}.atom")
    assert atom.headers["etag"] != without.headers["etag"]
    rss, every = site.client.get(f"/feeds/{FEES}.rss"), site.client.get("/feeds/all.json")
    assert etree.fromstring(atom.content).findtext(f"{QINGDAN}checkpoint") == note
    assert etree.fromstring(rss.content).findtext(f"channel/{QINGDAN}checkpoint") == note
    assert every.json()["_qingdan"]["checkpoint"] == note
    publish_other(site.log, 0)
    assert site.client.get(f"/feeds/{FEES}.atom").content == atom.content
    newer = site.client.get("/feeds/all.json").json()["_qingdan"]["checkpoint"]
    assert int(newer.split("\n")[1]) > int(note.split("\n")[1])


def test_packages_contain_the_checkpoint_and_its_checksum(site: Site) -> None:
    site.log.keys.create()
    publish_other(site.log, 0)
    first = site.client.get(f"/v1/datasets/{FEES}/releases/1").json()["checkpoint"]
    newest = site.log.proofs.checkpoint()
    for path, note in (
        ("/v1/site.zip", newest),
        (f"/v1/datasets/{FEES}/releases/1/files/zip", first),
    ):
        with zipfile.ZipFile(io.BytesIO(site.client.get(path).content)) as package:
            content = package.read("checkpoint")
            assert content.decode() == note
            assert (
                f"{hashlib.sha256(content).hexdigest()}  checkpoint\n" in package.read("SHA256SUMS").decode()
            )
