"""Findings as files and feeds: the same filters as the list, every cited text, and no formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import openpyxl
import pytest

from publisher.log.findings import findings
from publisher.log.log import Log
from schemas.definition.catalogue import Content
from tests.support.clock import Clock
from tests.support.site import FEES, PLAIN, START, Site, fill_with_finding, opened, publish, ticking_clock

MESSAGE = "《城镇排水条例》仍列于依据，自2015-06-01起已经废止"
NUMBER = 103
"""More findings than a feed has."""
_ATOM = "{http://www.w3.org/2005/Atom}"


def fill(log: Log, clock: Clock) -> None:
    fill_with_finding(log, clock)
    clock.advance(days=1)
    names = ["=1+1", *(f"费{number}" for number in range(1, NUMBER))]
    fees: list[Content] = [
        {**PLAIN[0], "name": name, "basis": ["《城镇排水条例》第二十条"]} for name in names
    ]
    publish(log, FEES, fees, START.date(), "示财〔2016〕3号")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("site"), Site, content=fill, clock=ticking_clock(START)) as site:
        yield site


def table(site: Site, query: str = "") -> list[dict[str, str]]:
    answer = site.client.get(f"/findings.csv?{query}")
    assert answer.status_code == 200, answer.text
    assert "findings.csv" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.slow
def test_tables_have_every_finding_of_the_list_and_no_formula(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "_BATCH", 40)
    rows = table(site)
    assert len(rows) == NUMBER
    first = next(row for row in rows if row["条目"] == "'=1+1")
    assert (first["待核问题"], first["成立日期"]) == (MESSAGE, START.date().isoformat())
    assert first["所引原文"].splitlines()[0] == "《城镇排水条例》第二十条"
    assert first["回应"].startswith("尚未回应")
    assert site.client.get(first["地址"].removeprefix("https://data.example.gov.cn")).status_code == 200
    assert table(site, "dataset=statutes") == []
    assert "Finding" in site.client.get("/findings.csv?lang=en").text.partition("\n")[0]
    book = openpyxl.load_workbook(io.BytesIO(site.client.get("/findings.xlsx").content))
    sheet = book.worksheets[0]
    assert sheet.max_row == NUMBER + 1
    assert {sheet.cell(row, 2).data_type for row in range(2, 20)} == {"s"}
    for path in ("/findings.csv?chek=1", "/findings.atom?status=other"):
        assert site.client.get(path).status_code == 422


def test_json_lines_are_the_findings_of_the_api(site: Site) -> None:
    lines = site.client.get("/findings.jsonl").text.splitlines()
    listed = site.client.get("/v1/findings?limit=3").json()["findings"]
    assert len(lines) == NUMBER
    assert [json.loads(line) for line in lines[:3]] == listed


def test_feeds_have_the_newest_findings_of_a_list(site: Site) -> None:
    answer = site.client.get(f"/findings.atom?dataset={FEES}")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(answer.content)  # noqa: S314 - our own feed
    entries = feed.findall(f"{_ATOM}entry")
    ids = {entry.findtext(f"{_ATOM}id") for entry in entries}
    assert (len(entries), len(ids)) == (100, 100)
    assert feed.findtext(f"{_ATOM}title") == "示例市收费目录(演示数据)：待核问题"
    assert MESSAGE in str(entries[0].findtext(f"{_ATOM}title"))
    assert "未经确认" in str(entries[0].findtext(f"{_ATOM}summary"))
    own = {link.get("rel"): link.get("href") for link in feed.findall(f"{_ATOM}link")}
    assert own["self"] == f"https://data.example.gov.cn/findings.atom?dataset={FEES}"
    assert (
        site.client.get("/findings.json")
        .json()["items"][0]["url"]
        .startswith("https://data.example.gov.cn/findings/")
    )
    assert site.client.get("/findings.rss").status_code == 200
    empty = ET.fromstring(site.client.get("/findings.atom?dataset=statutes").content)  # noqa: S314 - our own
    assert site.client.get("/findings.atom?dataset=none").status_code == 200  # as the list and its files
    assert empty.findall(f"{_ATOM}entry") == []
    tag = answer.headers["etag"]
    again = site.client.get(f"/findings.atom?dataset={FEES}", headers={"if-none-match": tag})
    assert again.status_code == 304
