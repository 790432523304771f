"""Origin of a record: page or file, position, original text and version of the parser."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.ingest.documents import official_document
from tests.publisher.harvest.conftest import DATASET, Collector, make_due
from tests.support.command import create_arguments, item, xlsx
from tests.support.government import TEXT, html, letter, page, publish

POWER = "shili-power-list"


@pytest.mark.slow
def test_the_api_returns_the_parser_of_a_collected_record_and_the_text_of_each_line(
    collector: Collector,
) -> None:
    publish(collector.web, 1)
    text = page(1).replace("二、工作措施", "二、" + "工作措施" * 100)
    collector.web.answers["/d/1.html"] = html(text)
    collector.collect()
    collector.publish()
    with collector.served() as client:
        (listed,) = client.get(f"/v1/datasets/{DATASET}/records").json()["records"]
        record = client.get(f"/v1/datasets/{DATASET}/records/{listed['id']}").json()
    (source,) = record["sources"]
    assert (source["url"], source["parser_version"]) == (
        f"{collector.web.base}/d/1.html",
        official_document.PARSER_VERSION,
    )
    excerpts = record["excerpts"]
    assert set(excerpts) <= set(record["locator"]["cells"])
    assert excerpts["number"] == "鞍政发〔2015〕1号"
    assert excerpts["date_written"] == "2015年3月2日"
    assert excerpts["body_markdown"].endswith("…")
    assert len(excerpts["body_markdown"]) == 201
    page_excerpts = collector.site.ok("evidence", letter(1)[0], "--json").json["pages"][0]["excerpts"]
    lines = {one["field"]: one["text"] for one in page_excerpts}
    assert all(excerpts[field] in lines[field] for field in ("title", "number", "date_written", "issuer"))


@pytest.mark.slow
def test_evidence_shows_the_lines_of_the_answer_that_was_read_also_when_the_page_has_changed(
    collector: Collector,
) -> None:
    publish(collector.web, 1)
    collector.collect()
    collector.publish()
    before = collector.site.ok("evidence", letter(1)[0], "--json").json["pages"][0]
    changed = page(1, text=TEXT.replace("抓紧", "尽快")).replace('<div class="nav">', "<p>公告</p><div>")
    collector.web.answers["/d/1.html"] = html(changed)
    make_due(collector)
    assert collector.collect()["changed"] == 1
    (now,) = collector.site.ok("evidence", letter(1)[0], "--json").json["pages"]
    assert (now["excerpts"], now["read_from"]) == (before["excerpts"], before["responses"][0]["digest"])
    assert "识读自此份" in collector.site.ok("evidence", letter(1)[0]).out
    collector.publish()
    (then,) = collector.site.ok("evidence", letter(1)[0], "--json").json["pages"]
    assert then["read_from"] == then["responses"][1]["digest"]
    assert {one["field"]: one["text"] for one in then["excerpts"]}["number"] == "鞍政发〔2015〕1号"


@pytest.mark.slow
def test_the_api_returns_the_text_of_each_cell_of_a_workbook_of_any_type(
    collector: Collector, tmp_path: Path
) -> None:
    collector.site.ok(*create_arguments(POWER, "power-list"))
    book = xlsx(tmp_path / "book.xlsx", [item("危险化学品经营许可", promised="10 个工作日")])
    collector.site.ok("import", book, "--dataset", POWER)
    collector.site.ok("publish", POWER, "--effective-on", "2015-12-01", "--basis", "示政发〔2015〕1号")
    with collector.served() as client:
        (listed,) = client.get(f"/v1/datasets/{POWER}/records").json()["records"]
        record = client.get(f"/v1/datasets/{POWER}/records/{listed['id']}").json()
    excerpts, cells = record["excerpts"], record["locator"]["cells"]
    row = dict(zip("BCDEFG", item("危险化学品经营许可", promised="10 个工作日"), strict=False))
    assert excerpts == {field: row[place[0]] for field, place in cells.items()}
    assert {"10 个工作日", "20个工作日"} <= set(excerpts.values())
