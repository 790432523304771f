"""The page of the changes of the site, its files and its feed."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from lxml import etree

from publisher.log.log import Log
from publisher.log.model import MOST_FACET_VALUES
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.publisher.views.pages.conftest import BROWSER, Open
from tests.support.clock import Clock
from tests.support.site import BASE, FEES, START, Site, demo_dataset, opened, publish, ticking_clock

_ATOM = "{http://www.w3.org/2005/Atom}"


def test_changes_are_listed_with_what_changed_and_narrowed_by_kind(site: Site, visit: Open) -> None:
    page = visit("/changes")
    assert page.status == 200
    assert "9项变化" in page.text
    corrected = visit(next(link for link in page.leading_to("kind=corrected") if "/changes?" in link))
    assert "1项变化" in corrected.text
    assert "不动产登记费" in corrected.text
    assert "更正：资金管理方式有误" in corrected.text
    assert "<del>缴入中央和地方国库</del><ins>缴入地方国库</ins>" in corrected.answer.text
    (record,) = corrected.leading_to(site.record("不动产登记费"))
    assert visit(record).status == 200
    assert "变化： 更正" in corrected.text
    assert visit("/").leading_to("/changes")


def test_the_day_is_chosen_by_a_form_that_keeps_the_other_filters(visit: Open) -> None:
    page = visit(f"/changes?dataset={FEES}&kind=added&effective_on.gte=2015-06-01")
    assert "1项变化" in page.text
    assert "食品经营许可证工本费" in page.text
    hidden = {(at["name"], at["value"]) for at in page.all("input", type="hidden")}
    assert {("dataset", FEES), ("kind", "added")} <= hidden
    (since,) = page.all("input", type="date", name="effective_on.gte")
    assert since["value"] == "2015-06-01"
    assert visit("/changes?effective_on.gte=2030-01-01").text.count("没有符合条件的变化") == 1


def test_what_a_withdrawn_record_said_is_not_announced_again(site: Site, visit: Open) -> None:
    record = site.record("药品注册费")
    page = visit(f"/changes?record={record}")
    assert "2项变化" in page.text
    assert "缴入" not in page.text


def content_of_many_bodies(log: Log, _clock: Clock) -> None:
    log.datasets.create(demo_dataset(FEES), load_catalogue("fees"))
    contents: list[Content] = [
        {"name": f"第{n}项", "department": f"第{n}局"} for n in range(MOST_FACET_VALUES)
    ]
    publish(log, FEES, contents, date(2015, 1, 1), "")


@pytest.mark.slow
def test_a_facet_that_may_have_more_values_says_so(tmp_path: Path, visit: Open) -> None:
    assert "可能还有其他" not in visit("/changes").text
    with opened(tmp_path, Site, content=content_of_many_bodies, clock=ticking_clock(START)) as site:
        assert "只列出现最多的100个，可能还有其他。" in site.client.get("/changes", headers=BROWSER).text


def test_the_page_is_english_on_request(visit: Open) -> None:
    page = visit("/changes?lang=en")
    assert page.all("html", lang="en")
    assert "9 changes" in page.text
    assert "removed" in page.text


def rows(site: Site, query: str) -> list[dict[str, str]]:
    answer = site.client.get(f"/changes.csv?{query}")
    assert answer.status_code == 200, answer.text
    assert "changes.csv" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_files_have_every_change_and_a_row_for_each_field(site: Site) -> None:
    assert len(rows(site, "")) == 9
    (row,) = rows(site, "kind=corrected")
    assert (row["条目"], row["变化"], row["字段"]) == ("不动产登记费", "更正", "资金管理方式")
    assert (row["原内容"], row["现内容"], row["部门"]) == (
        "缴入中央和地方国库",
        "缴入地方国库",
        "市自然资源局",
    )
    assert site.client.get(row["地址"].removeprefix(BASE)).status_code == 200
    lines = site.client.get("/changes.jsonl?kind=corrected").text.splitlines()
    assert [json.loads(line) for line in lines] == site.client.get("/v1/changes?kind=corrected").json()[
        "changes"
    ]
    assert site.client.get("/changes.xlsx").content[:2] == b"PK"


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_the_feed_has_the_filters_of_the_list(site: Site, form: str) -> None:
    answer = site.client.get(f"/changes.{form}?kind=removed")
    assert answer.status_code == 200
    assert "价格鉴证业务收费" in answer.text
    assert "食品经营许可证工本费" not in answer.text
    if form == "atom":
        feed = etree.fromstring(answer.content)
        assert len(feed.findall(f"{_ATOM}entry")) == 1
        links = {link.get("href") for link in feed.findall(f"{_ATOM}link")}
        assert f"{BASE}/changes.atom?kind=removed" in links


@pytest.mark.parametrize(
    ("query", "feed"),
    [
        ("", "/feeds/all.atom"),
        ("?kind=removed&kind=fee-raised", "/feeds/all.atom?change=removed&change=fee-raised"),
        (f"?dataset={FEES}&kind=corrected", f"/feeds/{FEES}.atom?change=corrected"),
        ("?body=市自然资源局", "/feeds/search.atom?body=市自然资源局"),
    ],
)
def test_a_list_of_changes_is_followed_as_the_feed_with_its_filters(
    site: Site, visit: Open, query: str, feed: str
) -> None:
    (link,) = [link for link in visit(f"/changes{query}").leading_to("/follow?") if "/changes" not in link]
    assert unquote(parse_qs(urlsplit(link).query)["feed"][0]) == feed
    assert visit(link).status == 200
    assert site.client.get(feed).status_code == 200


@pytest.mark.parametrize(
    "query", ["part=a", "effective_on.gte=2020-01-01", f"dataset={FEES}&body=市自然资源局"]
)
def test_filters_that_no_feed_has_keep_their_own_addresses(visit: Open, query: str) -> None:
    page = visit(f"/changes?{query}")
    assert page.leading_to("/changes.atom?")
    assert not page.leading_to("/follow?feed=%2Ffeeds%2F")
