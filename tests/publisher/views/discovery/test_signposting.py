"""Typed links of pages, of the API and of files, as harvesters of Signposting follow them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.site import BASE, FEES, Site, four_releases

HOME = f"/datasets/{FEES}"
_LINK = re.compile(r'<([^>]*)>; rel="([^"]*)"(?:; type="([^"]*)")?')


def links(answer: Any) -> dict[str, list[tuple[str, str]]]:
    """Map the relation of each link of a response to the addresses and types."""
    found: dict[str, list[tuple[str, str]]] = {}
    for address, rel, media in _LINK.findall(answer.headers["link"]):
        found.setdefault(rel, []).append((address, media))
    return found


def addresses(site: Site) -> dict[str, str]:
    """Map an address of each kind to the one that cites it."""
    record = f"{HOME}/records/{site.record('城镇垃圾处理费')}"
    return {
        f"{HOME}?release=2": f"{HOME}?release=2",
        f"{HOME}?as_of=2015-06-01&known_at=2016-03-01T00:00:00Z": (
            f"{HOME}?as_of=2015-06-01&known_at=2016-03-01T00%3A00%3A00Z"
        ),
        f"{HOME}/releases/2": f"{HOME}/releases/2",
        f"/v1{HOME}/releases/2": f"{HOME}/releases/2",
        f"/v1{HOME}/releases/2/files/csv": f"{HOME}/releases/2",
        f"/v1{HOME}/files/csv?release=2": f"{HOME}/releases/2",
        record: f"{record}?release=2",
        f"{record}?release=1": f"{record}?release=1",
        f"/v1{record}": f"{record}?release=2",
        f"/v1{record}?as_of=2015-06-01": f"{record}?release=1",
    }


def test_what_is_cited_is_the_pinned_address(site: Site) -> None:
    for address, cited in addresses(site).items():
        answer = site.client.get(address)
        assert links(answer)["cite-as"] == [(BASE + cited, "")], address
        assert site.client.get(cited).status_code == 200, cited


def test_the_citation_of_the_present_list_names_both_clocks(site: Site) -> None:
    for address in (HOME, f"/v1{HOME}", f"/v1{HOME}/files/csv"):
        ((cited, _),) = links(site.client.get(address))["cite-as"]
        assert re.fullmatch(rf"{BASE}{HOME}\?as_of=[\d-]{{10}}&known_at=[\dTZ.%A-]+", cited), cited
    assert "城镇垃圾处理费" in site.client.get(cited.removeprefix(BASE)).text


@pytest.mark.slow
def test_pages_lead_to_metadata_content_licence_author_and_back(site: Site) -> None:
    record = site.record("城镇垃圾处理费")
    for address in (HOME, f"{HOME}?release=2", f"{HOME}/releases/2", f"{HOME}/records/{record}"):
        answer = site.client.get(address)
        typed = links(answer)
        assert ("https://schema.org/AboutPage", "") in typed["type"]
        assert len(typed["type"]) == 2
        assert typed["license"] == [("http://spdx.org/licenses/CC0-1.0", "")]
        assert len(typed["author"]) == len(typed["collection"]) == 1
        for rel in ("describedby", "item", "collection", "author"):
            for target, media in typed[rel]:
                path = target.removeprefix(BASE).partition("#")[0]
                followed = site.client.get(path, headers={"accept": media} if media else {})
                assert followed.status_code == 200, (address, target)
                assert followed.headers["content-type"].startswith(media), (address, target)
        # The page itself has the same links.
        for rel, targets in typed.items():
            for target, _ in targets:
                if rel not in ("https://c2sp.org/tlog-checkpoint",):
                    written = target.replace("&", "&amp;")
                    assert f'<link rel="{rel}" href="{written}"' in answer.text, (address, rel, target)


def test_metadata_and_files_lead_to_their_page(site: Site) -> None:
    record = site.record("城镇垃圾处理费")
    for path in (HOME, f"{HOME}/releases/2", f"{HOME}/records/{record}"):
        for accept in ("application/json", *(["text/turtle"] if record not in path else [])):
            answer = site.client.get(f"/v1{path}", headers={"accept": accept})
            assert links(answer)["describes"] == [(BASE + path, "text/html")]
    assert links(site.client.get(f"/v1{HOME}/files/csv"))["collection"] == [(BASE + HOME, "text/html")]


def test_a_licence_that_is_no_address_leads_to_its_text(tmp_path: Path) -> None:
    with four_releases(tmp_path) as site:
        for licence in ("官方文件，不受著作权保护", "https://例.example/许可"):
            site.log.datasets.change(FEES, licence=licence)
            ((address, _),) = links(site.client.get(HOME))["license"]
            if licence.startswith("官方"):
                assert address == f"{BASE}/v1{HOME}#licence"
                turtle = site.client.get(f"/v1{HOME}", headers={"accept": "text/turtle"}).text
                assert licence in turtle
            else:
                assert address.startswith("https://%E4%BE%8B")
