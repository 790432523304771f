"""Pages of commitments: the plan, one promise in the words of its document, and the document itself."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from lxml import html

from publisher.views.pages.commitments import commitment_list
from schemas.definition.file_loader import load_catalogue, parse_catalogue
from tests.support.commitments_site import (
    DISPUTED,
    DOCUMENT,
    DOCUMENTS,
    DONE,
    LATE,
    OPEN,
    PLAN,
    PLAN_DAY,
    PLANS,
    site_with_commitments,
)
from tests.support.site import Site, demo_dataset, publish

_TITLES = "//ol[@class='hits']//h3//bdi"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_commitments(tmp_path_factory.mktemp("site")) as site:
        yield site


def page(site: Site, address: str) -> Any:
    answer = site.client.get(address)
    assert answer.status_code == 200, answer.text
    return html.fromstring(answer.text)


def texts(root: Any, path: str) -> list[str]:
    return [str(one.text_content()) for one in root.xpath(path)]


def identifier(site: Site, title: str) -> str:
    commitments = site.client.get("/v1/commitments").json()["commitments"]
    return next(str(one["id"]) for one in commitments if one["title"] == title)


def test_the_page_of_a_plan_has_bars_a_time_line_and_every_promise(site: Site) -> None:
    root = page(site, f"/commitments?plan={PLAN}")
    assert root.findtext(".//h1") == f"{PLAN} 工作任务"
    assert texts(root, _TITLES) == [DONE, LATE, DISPUTED, OPEN]
    assert len(root.xpath("//*[local-name()='svg' and @class='chart']")) == 2
    sections, months = (texts(table, ".//tbody//th | .//tbody//td") for table in root.xpath("//table"))
    assert sections == ["收费", "1", "1", "0", "中介", "0", "1", "0", "未注明", "0", "0", "1"]
    assert months == ["2015-06", "1", "0", "0", "2015-09", "0", "1", "0", "2015-12", "0", "1", "0"]
    assert "说明不一" in root.text_content()
    links = root.xpath("//a/@href")
    assert any("lead=%E5%B8%82%E8%B4%A2%E6%94%BF%E5%B1%80" in link and ".ics" in link for link in links)
    english = page(site, f"/commitments?plan={PLAN}&lang=en").text_content()
    assert "by the end of Q2 2015" in english


def test_filters_narrow_the_bars_too(site: Site) -> None:
    root = page(site, "/commitments?lead=市财政局&due_to=2015-12-31")
    assert texts(root, _TITLES) == [DONE, DISPUTED]
    assert texts(root, "//dl[@class='summary']//dd") == ["1", "1", "0"]


def test_a_promise_is_marked_in_its_document_beside_its_evidence(site: Site) -> None:
    root = page(site, f"/commitments/{identifier(site, DONE)}")
    assert texts(root, "//blockquote//mark") == [DONE]
    assert texts(root, "//blockquote/p") == ["（一）公布收费目录清单，精简收费项目。"]
    assert "示例市收费目录（演示数据） · 第1次发布" in root.text_content()
    other = page(site, f"/commitments/{identifier(site, OPEN)}")
    assert texts(other, "//blockquote//mark") == ["要加强督查，确保落实"]
    assert "没有佐证规则" in other.text_content()


def test_the_document_links_its_promises_at_their_paragraphs(site: Site) -> None:
    (record,) = site.log.queries.find_by_title(DOCUMENTS, "示例市推进简政放权工作方案")
    root = page(site, f"/datasets/{DOCUMENTS}/records/{record.id}")
    paragraphs = root.xpath("//*[@id='UCAP-CONTENT']//p")
    assert [texts(paragraph, ".//a") for paragraph in paragraphs] == [
        *([f"〔{DONE}：已完成〕", f"〔{DISPUTED}：逾期〕"], [f"〔{OPEN}：无法判断〕"]),
    ]
    assert paragraphs[0].xpath(".//a/@href")[0].endswith(f"/commitments/{identifier(site, DONE)}")


def test_a_record_and_its_commitment_lead_to_each_other(site: Site) -> None:
    own = identifier(site, DONE)
    record, commitment = f"/datasets/{PLANS}/records/{own}", f"/commitments/{own}"
    for here, there in ((record, commitment), (commitment, record)):
        assert any(link.endswith(there) for link in page(site, here).xpath("//main//a/@href"))


def test_the_report_of_a_year(site: Site) -> None:
    answer = site.client.get("/commitments.xlsx?due_from=2015-01-01&due_to=2015-12-31")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
    assert [row[0] for row in rows] == ["任务", DONE, LATE, DISPUTED]
    assert rows[1][6:8] == ("2015年第二季度末前", "2015-06-30")
    assert rows[1][9:11] == ("已完成", "2015-05-01")
    text = site.client.get("/commitments.csv?status=undetermined").text
    assert text.splitlines()[1].startswith(OPEN)


def test_the_filter_by_status_has_words_and_no_codes(site: Site) -> None:
    root = page(site, "/commitments")
    words = texts(root, "//section[@class='facet'][h3='状态']//li//span[1]")
    assert sorted(words) == ["已完成", "无法判断", "逾期"]
    assert texts(page(site, "/commitments?status=overdue"), "//ul[@class='chips']//bdi") == ["逾期"]


def test_the_table_has_the_sections_that_the_chart_leaves_out(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commitment_list, "_MOST_SECTIONS", 1)
    root = page(site, f"/commitments?plan={PLAN}&limit=1")
    assert texts(root.xpath("//table")[0], ".//tbody//th") == ["收费", "中介", "未注明"]


def test_a_pinned_document_has_no_statuses_of_today(site: Site) -> None:
    (record,) = site.log.queries.find_by_title(DOCUMENTS, "示例市推进简政放权工作方案")
    root = page(site, f"/datasets/{DOCUMENTS}/records/{record.id}?release=1")
    assert "精简收费项目" in root.text_content()
    assert "逾期" not in root.text_content()


@pytest.mark.slow
def test_a_document_of_another_type_of_list_has_its_commitments_too(tmp_path: Path) -> None:
    source = load_catalogue("policies").source.replace('"number"', '"document_number"')
    name = "other-documents"
    with site_with_commitments(tmp_path) as site:
        site.log.datasets.create(
            demo_dataset(name, catalogue="policies", title="其他文件"), parse_catalogue(source)
        )
        content = {field: value for field, value in DOCUMENT.items() if field != "number"}
        row = {**content, "name": DOCUMENT["title"], "document_number": PLAN}
        publish(site.log, name, [row], PLAN_DAY, "")
        (record,) = site.log.queries.find_by_title(name, str(DOCUMENT["title"]))
        assert (
            f"/commitments?plan={quote(PLAN)}"
            in site.client.get(f"/datasets/{name}/records/{record.id}").text
        )
