"""The page of a work, and that every basis on every page leads there."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pytest

from tests.support.site import FEES, Site, site_with_finding

WORK = "城镇排水条例"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_finding(tmp_path_factory.mktemp("site")) as site:
        yield site


def page(site: Site, address: str) -> str:
    answer = site.client.get(address)
    assert answer.status_code == 200, (address, answer.text[:500])
    return answer.text


@pytest.mark.slow
def test_the_page_says_what_ended_the_work_and_who_rests_on_it(site: Site) -> None:
    html = page(site, f"/works/{WORK}")
    assert "不再有效" in html
    assert f"<q>《{WORK}》第二十条</q>" in html
    (ld,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    found = json.loads(ld)
    assert (found["@type"], found["legislationLegalForce"]) == (
        "Legislation",
        "https://schema.org/NotInForce",
    )
    (ended_by,) = found["http://data.europa.eu/eli/ontology#repealed_by"]
    assert unquote(ended_by["@id"]).endswith("/works/城镇排水与污水处理条例")
    assert "Records that rest on it" in page(site, f"/works/{WORK}?lang=en")


def test_a_repeal_that_is_to_come_does_not_end_the_work_yet(site: Site) -> None:
    html = page(site, f"/works/{WORK}?as_of=2015-05-31")
    assert ">不再有效<" not in html
    assert "将不再有效" in html
    (ld,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    linked_data = json.loads(ld)
    assert linked_data["legislationLegalForce"] == "https://schema.org/InForce"
    assert "http://data.europa.eu/eli/ontology#repealed_by" not in linked_data
    assert ">不再有效<" in page(site, f"/works/{WORK}?as_of=2015-06-01")


def test_other_spellings_lead_to_the_one_address(site: Site) -> None:
    for spelling in (f"《{WORK}》", f"中华人民共和国{WORK}", f"〈{WORK}〉"):
        answer = site.client.get(f"/works/{spelling}?lang=en", follow_redirects=False)
        assert answer.status_code == 308
        assert answer.headers["location"] == f"/works/{quote(WORK)}?lang=en"
    assert site.client.get("/works/不存在的文件").status_code == 404


def test_every_basis_on_every_page_leads_to_a_work(site: Site) -> None:
    homes = [f"/datasets/{name}" for name in (FEES, "statutes")]
    (finding,) = site.client.get("/v1/findings").json()["findings"]
    lists = (
        "/changes",
        f"/search?q={WORK}",
        f"/findings/{finding['id']}",
        f"/datasets/{FEES}/compare?from=2014-01-01",
    )
    addresses = ["/", *homes, *(f"{home}/releases/1" for home in homes), *lists]
    for name in (FEES, "statutes"):
        records = site.client.get(f"/v1/datasets/{name}/records").json()["records"]
        addresses += [f"/datasets/{name}/records/{record['id']}" for record in records]
    works = set()
    for address in addresses:
        html = page(site, address)
        links = re.findall(r'<a class="cite" href="([^"]*)"', html)
        assert links or address not in ("/", *lists[1:]), address
        assert all(link.startswith("/works/") for link in links), (address, links)
        works.update(links)
    assert f"/works/{quote(WORK)}" in works
    for link in works:
        assert page(site, unquote(link))


def test_the_page_of_a_basis_of_a_release_names_the_release(site: Site) -> None:
    releases = site.client.get(f"/v1/datasets/{FEES}/releases").json()["releases"]
    basis = next(one["basis"] for one in releases if one["basis"])
    html = page(site, f"/works/{basis}")
    assert "依据它发布的清单" in html
    assert f'href="/datasets/{FEES}/releases/' in html


def test_works_are_listed_and_found(site: Site) -> None:
    assert WORK in page(site, "/works?contains=城镇排水")
    assert "没有符合条件的文件" in page(site, "/works?contains=没有这个")
    assert WORK in page(site, "/works?kind=statute&lang=zh-Hant") or "城鎮排水條例" in page(
        site, "/works?kind=statute&lang=zh-Hant"
    )


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_effects_are_a_feed_with_the_filters_of_the_list(site: Site, form: str) -> None:
    assert f"废止《{WORK}》" in page(site, f"/effects.{form}")
    assert f"废止《{WORK}》" not in page(site, f"/effects.{form}?kind=amends")
    assert site.client.get(f"/effects.{form}?kind=other").status_code == 422


def test_works_and_effects_are_files_of_all_pages(site: Site) -> None:
    total = site.client.get("/v1/works?limit=1").json()["total"]
    rows = list(csv.reader(io.StringIO(page(site, "/works.csv").removeprefix("\ufeff"))))
    assert len(rows) == total + 1 > 2
    (listed,) = (row for row in rows if row[0] == WORK)
    assert listed[1:5] == [WORK, "法律法规规章", "是", "1"]
    assert listed[5].endswith(f"/works/{quote(WORK)}")
    lines = page(site, "/works.jsonl?kind=statute").splitlines()
    assert json.loads(lines[0])["kind"] == "statute"
    (effect,) = list(csv.reader(io.StringIO(page(site, "/effects.csv"))))[1:]
    assert (effect[0], effect[2], effect[4]) == ("废止", WORK, "2015-06-01")
    assert [json.loads(line)["target"] for line in page(site, "/effects.jsonl").splitlines()] == [WORK]
    assert site.client.get("/effects.csv?kind=other").status_code == 422
    for name in ("works", "effects"):
        assert site.client.get(f"/{name}.xlsx").content.startswith(b"PK")
    html = page(site, "/works")
    assert f"{total}份文件" in html
    assert 'href="/works.csv"' in html
    assert 'href="/works"' in page(site, "/")
    assert "/works</loc>" in page(site, "/sitemap.xml")


def test_the_page_leads_to_all_effects(site: Site) -> None:
    (address,) = re.findall(r'href="([^"]+/effects)"', page(site, f"/works/{WORK}"))
    assert site.client.get(address).json()["total"] >= 1
