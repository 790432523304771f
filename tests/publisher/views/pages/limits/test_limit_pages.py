"""Time limits on pages: the steps of a record, the shares by body and type, and their files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest

from tests.publisher.views.pages.conftest import Open, Page
from tests.support.site import POWERS, Site, site_with_limits


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_limits(tmp_path_factory.mktemp("limits")) as site:
        yield site


def record(site: Site, name: str) -> str:
    (one,) = site.log.queries.find_by_title(POWERS, name)
    return f"/datasets/{POWERS}/records/{one.id}"


def test_the_page_of_a_record_has_the_steps_of_the_limit_that_changed(site: Site, visit: Open) -> None:
    page = visit(record(site, "养老服务备案"))
    assert "自 2015年12月1日 起 20个工作日 时限延长" in page.text
    assert "自 2015年1月1日 起 10个工作日" in page.text
    assert "法定办结时限的变化" not in page.text, "it never changed"
    assert visit(page.leading_to("/limits?dataset")[0]).status == 200
    pinned = visit(record(site, "养老服务备案") + "?release=1")
    assert "时限延长" not in pinned.text


def test_shares_lead_to_a_group_and_to_the_changes(visit: Open) -> None:
    page = visit("/limits?field=promised_limit")
    assert "市水务局 2 2 100.00% 0" in page.text
    assert "市民政局 1 0 0.00% 1" in page.text
    changes = visit(next(a for a in page.leading_to("kind=limit-shortened") if "body=" in a))
    assert "2项变化" in changes.text
    assert "时限缩短" in changes.text
    narrow = visit(next(a for a in page.leading_to("/limits?") if "body=" in a))
    assert "部门： 市水务局" in narrow.text
    assert "没有列有时限的条目" in visit("/limits?field=statutory_limit&type=行政处罚").text


@pytest.mark.parametrize("start", ["/changes", f"/datasets/{POWERS}", "/"])
def test_people_get_there_from_changes_the_list_and_home(visit: Open, start: str) -> None:
    pages: list[Page] = [visit(address) for address in visit(start).leading_to("/limits")]
    assert pages
    assert all(page.status == 200 for page in pages)


def test_files_have_what_the_page_has(site: Site) -> None:
    answer = site.client.get("/limits.csv?field=promised_limit")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[1] == ["部门", "市水务局", "2", "2", "0", "100.00%"]
    lines = [json.loads(line) for line in site.client.get("/limits.jsonl").text.splitlines()]
    assert {
        "group": "type",
        "value": "行政许可",
        "items": 3,
        "shortened": 2,
        "lengthened": 1,
        "share": 0.6667,
    } in lines
    assert site.client.get("/limits.xlsx").content.startswith(b"PK")


def test_a_feed_says_that_a_limit_was_lengthened(site: Site) -> None:
    feed = site.client.get("/changes.atom?kind=limit-lengthened").text
    assert 'term="limit-lengthened"' in feed
    assert "市民政局" in feed
    assert "延长承诺办结时限：养老服务备案（10个工作日 → 20个工作日）" in feed
    assert feed.count("<entry>") == 1
    assert site.client.get(f"/feeds/{POWERS}.atom?change=limit-shortened").text.count("<entry>") == 2


def test_the_row_of_a_type_leads_to_no_changes_of_other_types(visit: Open) -> None:
    page = visit("/limits?field=promised_limit")
    assert "行政许可 3 2 66.67% 1" in page.text
    assert all("body=" in a or "dataset=" in a for a in page.leading_to("kind=limit-shortened"))


def test_the_filter_by_a_list_has_its_title(visit: Open) -> None:
    assert "清单： 示例市权责清单(演示数据)" in visit(f"/limits?dataset={POWERS}").text
