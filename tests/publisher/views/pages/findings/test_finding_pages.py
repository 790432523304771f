"""Pages of findings and checks: marked words, filters, both clocks, and quiet links from other pages."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import date

import pytest

from publisher.log.log import Log
from schemas.definition.catalogue import Content, Json
from tests.publisher.views.pages.conftest import BROWSER, Open, Page
from tests.support.clock import Clock
from tests.support.site import (
    FEES,
    PLAIN,
    START,
    Site,
    fill_with_finding,
    opened,
    publish,
    site_with_finding,
    ticking_clock,
)

MESSAGE = "《城镇排水条例》仍列于依据，自2015-06-01起已经废止"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_finding(tmp_path_factory.mktemp("site")) as site:
        yield site


def finding(site: Site) -> str:
    return str(site.client.get("/v1/findings").json()["findings"][0]["id"])


def test_the_list_links_to_a_finding_that_marks_the_cited_words_of_both_rows(site: Site, visit: Open) -> None:
    listed = visit("/findings")
    assert "1个待核问题" in listed.text
    (address,) = [link for link in listed.links if link.startswith("/findings/")]
    page = visit(address)
    raw = page.answer.text
    assert f"<h1>{MESSAGE}</h1>" in raw
    for words in ("《城镇排水条例》第二十条", "2015-06-01", "城镇排水与污水处理条例", "第五十八条"):
        assert f"<mark>{words}</mark>" in raw
    for words in ("未经确认", "《城镇排水与污水处理条例》第五十八条写明废止。", "请核对现行规定"):
        assert words in page.text
    for home in (f"/datasets/{FEES}/records/", "/datasets/statutes/records/"):
        assert any(link.startswith(home) and "release=1" in link for link in page.links)
        assert any(link.startswith(home) and "/revisions/" in link for link in page.links)
    assert "违法" not in page.text


@pytest.mark.slow
def test_pages_are_well_formed_in_every_language_and_every_link_answers(site: Site, visit: Open) -> None:
    links: set[str] = set()
    for address in (
        "/findings",
        f"/findings/{finding(site)}",
        "/checks/basis-repealed",
        "/findings?status=ended",
    ):
        for lang in ("zh", "zh-Hant", "en"):
            page = visit(f"{address}{'&' if '?' in address else '?'}lang={lang}")
            assert (page.status, len(page.all("h1"))) == (200, 1), address
            levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
            assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), address
            ids = [a["id"] for _, a in page.elements if "id" in a]
            assert len(ids) == len(set(ids)), address
            links.update(link.partition("#")[0] for link in page.links if link.startswith("/"))
    for link in links:
        assert site.client.get(link).status_code == 200, link
    assert "still listed as a basis" in visit("/findings?lang=en").text


def test_filters_have_chips_and_both_clocks_are_kept(site: Site, visit: Open) -> None:
    assert MESSAGE in visit(f"/findings?check=basis-repealed&dataset={FEES}&severity=fact").text
    narrowed = visit(f"/findings?dataset={FEES}&body=示例市人民政府")
    assert "示例市收费目录(演示数据)" in narrowed.text
    assert len(narrowed.all("span", **{"class": "cross"})) == 2
    assert "没有符合条件的待核问题" in visit("/findings?dataset=statutes").text
    assert "没有符合条件" in visit("/findings?as_of=2015-05-31").text
    assert visit("/findings?chek=1").status == 422
    assert visit(f"/findings/{'0' * 20}").status == 404
    assert visit("/checks/none").status == 404


def test_a_check_prints_its_measured_precision_and_the_limits_of_its_set(visit: Open) -> None:
    page = visit("/checks/basis-repealed")
    for words in ("准确率 1.00", "召回率 1.00", "应当找出 20", "规则也是参照它们编写的", "2026年11月30日"):
        assert words in page.text
    assert "{statute}" not in page.text


def test_home_dataset_and_record_link_to_findings_quietly(site: Site, visit: Open) -> None:
    record, other = site.record("城镇垃圾处理费"), site.record("不动产登记费")
    assert "1个待核问题" in visit("/").text
    assert visit(f"/datasets/{FEES}").leading_to(f"/findings?dataset={FEES}")
    assert MESSAGE in visit(f"/datasets/{FEES}/records/{record}").text
    for address in (f"/datasets/{FEES}/records/{other}", f"/datasets/{FEES}/records/{record}?release=1"):
        assert "待核问题" not in visit(address).text
    assert "待核问题" not in visit(f"/datasets/{FEES}/records/{record}?as_of=2015-05-31").text


@pytest.mark.slow
def test_a_record_page_is_not_304_once_another_list_ended_its_finding(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with opened(
        tmp_path_factory.mktemp("mended"), Site, content=fill_with_finding, clock=ticking_clock(START)
    ) as site:
        address = f"/datasets/{FEES}/records/{site.record('城镇垃圾处理费')}"
        before = site.client.get(address, headers=BROWSER)
        assert "待核问题" in before.text
        correct_statutes(site.log, site.clock)
        site.index()
        tag = {"if-none-match": before.headers["etag"], "if-modified-since": before.headers["last-modified"]}
        after = site.client.get(address, headers={**BROWSER, **tag})
        assert after.status_code == 200
        assert "待核问题" not in Page(after).text


def correct_statutes(log: Log, clock: Clock) -> None:
    clock.advance(days=1)
    (row,) = log.queries.find_by_title("statutes", "城镇排水条例")
    later: Content = {**row.content, "repealed_on": "2099-01-01", "repealed_by_version": "2098-01-01"}
    log.releases.correct("statutes", {row.id: later}, reason="日期录错")


@pytest.mark.slow
def test_a_hostile_basis_stays_text(tmp_path_factory: pytest.TempPathFactory) -> None:
    hostile = "<script>alert(1)</script>"

    def content(log: Log, clock: Clock) -> None:
        fill_with_finding(log, clock)
        clock.advance(days=1)
        basis: Json = [f"《城镇排水条例》第二十条\n{hostile}"]
        publish(
            log, FEES, [{**PLAIN[0], "name": f"费{hostile}", "basis": basis}], date(2015, 7, 1), "示财2号"
        )

    with opened(
        tmp_path_factory.mktemp("hostile"), Site, content=content, clock=ticking_clock(START)
    ) as site:
        for address in ("/findings", f"/findings/{finding(site)}"):
            raw = site.client.get(address, headers=BROWSER).text
            assert hostile not in raw
            assert "&lt;script&gt;alert(1)" in raw
