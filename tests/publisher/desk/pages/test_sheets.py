"""The sheet of a draft: findings at their cells, pages, mended cells, and two clerks at one draft."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import openpyxl
import pytest

from publisher.ingest.limited_reading import read_within_limits
from publisher.log.model import View
from publisher.views.api import cell_excerpts
from publisher.workflow.import_files import InputFile, import_files
from publisher.workflow.reread_files import reread
from tests.publisher.desk.test_journey import HEADING, NAME, PART, XLSX, submit
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.command import item, xlsx
from tests.support.datasets import create_dataset
from tests.support.desk import (
    Browser,
    DeskSite,
    approve_and_publish,
    create_power_list,
    desk_site,
    forms,
)

pytestmark = pytest.mark.slow

QUERY = "part=%E5%BA%94%E6%80%A5%E7%AE%A1%E7%90%86%E5%B1%80"
DRAFT, SHEET = f"/drafts/{NAME}?{QUERY}", f"/drafts/{NAME}/sheet?{QUERY}"


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[DeskSite]:
    with desk_site(tmp_path, sqlite.new(tmp_path / "qingdan.db"), clock) as desk:
        create_power_list(desk.log)
        roles = {"zhang": f"填报:{NAME}:{PART}", "zhao": f"填报:{NAME}:{PART}", "li": f"审核:{NAME}"}
        for name, role in {**roles, "wang": "发布", "sun": f"填报:{NAME}:民政局"}.items():
            desk.add(name, role)
        yield desk


def hand_in(browser: Browser, folder: Path, *rows: list[str], last_heading: str = "备注") -> None:
    file = xlsx(folder / "市应急管理局.xlsx", list(rows), last_heading=last_heading)
    answer = browser.send(
        DRAFT, f"/drafts/{NAME}/imports", files={"files": (file.name, file.read_bytes(), XLSX)}
    )
    assert answer.status_code == 303, answer.text


def mend(browser: Browser, position: int, **texts: str) -> httpx.Response:
    typed = {f"field-{name}": text for name, text in texts.items()}
    page = f"/drafts/{NAME}/rows/{position}?{QUERY}"
    return browser.send(page, f"/drafts/{NAME}/rows/{position}", **typed)


GOOD = [item(f"第{number}类经营许可") for number in range(4)]
BAD = [GOOD[0], item("第1类经营许可", promised="尽快"), *GOOD[2:]]


def test_a_finding_stands_at_its_cell_and_is_linked_from_the_list(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as browser:
        hand_in(browser, tmp_path, *BAD)
        (link,) = set(re.findall(r'href="(/drafts/[^"]*/sheet\?[^"]*#r1)"', browser.see(DRAFT)))
        html = browser.see(link.replace("&amp;", "&"))
        (row,) = re.findall(r'<tr id="r1">.*?</tr>', html, re.DOTALL)
        (cell,) = re.findall(r'<td class="(?:error|warning)">.*?</td>', row, re.DOTALL)
        assert "尽快" in cell
        assert "✕ 错误" in cell or "！ 警告" in cell
        assert html.count('<tr id="r') == 4
        filtered = browser.see(f"{SHEET}&severity={'error' if '✕' in cell else 'warning'}")
        assert re.findall(r'<tr id="(r\d+)"', filtered) == ["r1"]


def test_pages_have_a_hundred_rows(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as browser:
        hand_in(browser, tmp_path, *(item(f"第{n}类经营许可") for n in range(230)))
        pages = [browser.see(f"{SHEET}&from={first}") for first in (0, 100, 200)]
        assert [page.count('<tr id="r') for page in pages] == [100, 100, 30]
        assert "第229类经营许可" in pages[2]
        assert 'rel="next"' not in pages[2]


def test_a_mended_cell_is_published_and_its_origin_shows_both_texts(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer, desk.signed_in("wang") as last:
        hand_in(drafter, tmp_path, *BAD)
        answer = mend(drafter, 1, promised_limit="5个工作日", remark="试行")
        assert answer.status_code == 303, answer.text
        html = drafter.see(SHEET)
        assert "已更改，原为“尽快”" in html
        assert 'class="sign error"' not in html
        address = submit(drafter)
        reviewer.send(address, f"{address}/approve")
        assert "第1次发布" in last.send(address, f"{address}/publish").text
    (state,) = desk.log.queries.find_by_title(NAME, "第1类经营许可")
    record = desk.log.queries.record(NAME, state.id, View())
    assert record.content["promised_limit"] == {"value": 5, "unit": "工作日"}
    texts = list(record.locator["mended"].values())
    assert texts == [{"read": "尽快", "written": "5个工作日"}, {"read": "", "written": "试行"}]
    assert desk.log.integrity.verify().ok
    excerpts = cell_excerpts.read_excerpts(record, lambda: desk.log.queries.catalogue(NAME))
    assert excerpts["promised_limit"] == "尽快", "what stood at its place in the file"
    assert excerpts["remark"] == "", "nothing stood there"
    # To read the file again changes nothing.
    (part,) = [p for p in reread(desk.log, NAME, desk.log.queries.catalogue(NAME)) if p.part == PART]
    assert part.differences == []
    (event,) = [event for event in desk.staff.audit.events() if event.kind == "mended"]
    assert event.actor == "zhang"
    assert "5个工作日" not in str(event.details)


def test_what_was_mended_before_stays_mended(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as browser:
        hand_in(browser, tmp_path, *BAD)
        mend(browser, 1, promised_limit="5个工作日")
        mend(browser, 3, promised_limit="6个工作日")
        mend(browser, 1, promised_limit="7个工作日")
        html = browser.see(SHEET)
        assert html.count("已更改，原为") == 2
        assert "7个工作日" in html
        assert "6个工作日" in html
        # The text of the file again: nothing is mended.
        mend(browser, 1, promised_limit="尽快")
        assert browser.see(SHEET).count("已更改，原为") == 1


def test_rows_that_the_import_leaves_out_are_left_out_after_another_was_mended(
    desk: DeskSite, tmp_path: Path
) -> None:
    file = xlsx(tmp_path / "市应急管理局.xlsx", [*BAD[:2], item("第2类经营许可", promised="尽快")])
    import_files(desk.log, NAME, [InputFile(file.name, file.read_bytes())], part=PART, without_errors=True)
    with desk.signed_in("zhang") as drafter:
        assert mend(drafter, 1, promised_limit="5个工作日").status_code == 303
        address = submit(drafter)
    assert "第1次发布" in approve_and_publish(desk, address)
    (published,) = desk.log.queries.releases(NAME)
    assert (published.counts["added"], len(published.left_out)) == (2, 1)


def test_a_refused_form_shows_its_own_file(desk: DeskSite) -> None:
    """A running list has several files in a draft."""
    create_dataset(desk.log, "cancelled", "cancelled-items")
    desk.add("qian", "填报:cancelled")
    draft = "/drafts/cancelled"
    with desk.signed_in("qian") as browser:
        for name in ("甲", "乙"):
            text = f"决定文号,项目名称,处理决定\n国发〔2015〕1号,{name}类许可,取消\n"
            files = {"files": (f"{name}.csv", text.encode(), "text/csv")}
            assert browser.send(draft, f"{draft}/imports", files=files).status_code == 303
        sheet, _ = re.findall(r'href="([^"]*/sheet\?[^"]*)"', browser.see(draft))
        page = sheet.replace("&amp;", "&").replace("/sheet", "/rows/0")
        form = forms(browser.see(page))[f"{draft}/rows/0"]
        data = {**form.fields, "heading-0": "另一列", "field-0": "name"}
        refused = browser.client.post(f"{draft}/columns", data=data)
        assert "不能为这些列选择字段" in refused.text
        assert "甲类许可" in refused.text
        assert browser.send(page, form.action, **{"field-name": "丙类许可"}).status_code == 303
        moved = browser.client.post(form.action, data={**form.fields, "field-name": "丁类许可"})
        assert "draft-moved" in moved.text
        assert "乙类许可" not in moved.text


def test_to_save_nothing_leads_back_to_the_same_file(desk: DeskSite) -> None:
    create_dataset(desk.log, "cancelled", "cancelled-items")
    desk.add("qian", "填报:cancelled")
    draft = "/drafts/cancelled"
    with desk.signed_in("qian") as browser:
        for name in ("甲", "乙"):
            text = f"决定文号,项目名称,处理决定,另一列\n国发〔2015〕1号,{name}类许可,取消,无\n"
            files = {"files": (f"{name}.csv", text.encode(), "text/csv")}
            assert browser.send(draft, f"{draft}/imports", files=files).status_code == 303
        links = re.findall(r'href="([^"]*/sheet\?[^"]*)"', browser.see(draft))
        (sheet,) = {link for link in links if "甲类许可" in browser.see(unescape(link))}
        sheet = unescape(sheet)
        row = sheet.replace("/sheet", "/rows/0")
        for typed in ({}, {"field-name": "甲类许可 "}, {"field-name": "甲类<新>许可"}):
            answer = browser.send(row, f"{draft}/rows/0", **typed)
            shown = browser.see(answer.headers["location"].partition("#")[0])
            assert "<h1>甲.csv</h1>" in shown
            row = answer.headers["location"].partition("#")[0].replace("/sheet", "/rows/0")
        for typed in ({}, {"field-1": "remark"}, {}):
            sheet = row.replace("/rows/0", "/sheet")
            answer = browser.send(sheet, f"{draft}/columns", **typed)
            assert "<h1>甲.csv</h1>" in browser.see(answer.headers["location"])
            row = answer.headers["location"].replace("/sheet", "/rows/0")


def test_an_approval_is_void_after_a_cell_was_mended(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer:
        hand_in(drafter, tmp_path, *GOOD)
        address = submit(drafter)
        form = forms(reviewer.see(address))[f"{address}/approve"]
        mend(drafter, 1, promised_limit="5个工作日")
        assert reviewer.client.post(form.action, data=form.fields).status_code == 409


def test_of_two_clerks_at_one_draft_the_second_is_told_and_nothing_is_lost(
    desk: DeskSite, tmp_path: Path
) -> None:
    with desk.signed_in("zhang") as first, desk.signed_in("zhao") as second:
        hand_in(first, tmp_path, *BAD)
        page = f"/drafts/{NAME}/rows/3?{QUERY}"
        row = forms(second.see(page))[f"/drafts/{NAME}/rows/3"]
        upload = forms(second.see(DRAFT))[f"/drafts/{NAME}/imports"]
        mend(first, 1, promised_limit="5个工作日")
        refused = second.client.post(row.action, data={**row.fields, "field-promised_limit": "9个工作日"})
        assert refused.status_code == 409
        assert "草稿此间由他人更改" in refused.text
        file = xlsx(tmp_path / "市应急管理局.xlsx", GOOD[:1])
        files = {"files": (file.name, file.read_bytes(), XLSX)}
        refused = second.client.post(upload.action, data=upload.fields, files=files)
        assert refused.status_code == 409
        html = first.see(SHEET)
        assert html.count("已更改，原为") == 1
        assert html.count('<tr id="r') == 4
        # Having looked again, the second goes on.
        assert mend(second, 3, promised_limit="9个工作日").status_code == 303
        assert second.see(SHEET).count("已更改，原为") == 2


def test_the_sheet_of_another_part_is_not_shown_or_mended(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as own, desk.signed_in("sun") as other, desk.signed_in("li") as reviewer:
        hand_in(own, tmp_path, *GOOD)
        for path in (f"sheet?{QUERY}", f"rows/0?{QUERY}", f"annotated?{QUERY}"):
            assert other.client.get(f"/drafts/{NAME}/{path}").status_code == 403
        form = forms(own.see(f"/drafts/{NAME}/rows/0?{QUERY}"))[f"/drafts/{NAME}/rows/0"]
        token = forms(other.see("/"))["/sign-out"].fields["_csrf_token"]
        data = {**form.fields, "_csrf_token": token, "field-promised_limit": "1个工作日"}
        assert other.client.post(form.action, data=data).status_code == 403
        assert own.client.post(form.action, data={**data, "_csrf_token": ""}).status_code == 403
        assert "更改" not in re.sub(
            r"<(?:nav|header).*?</(?:nav|header)>", "", reviewer.see(SHEET), flags=re.S
        )
        assert reviewer.client.get(f"/drafts/{NAME}/rows/0?{QUERY}").status_code == 403


def test_scripts_in_cells_stay_texts(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as browser:
        hand_in(browser, tmp_path, item("<script>alert(1)</script>许可", promised="</textarea><b>尽快"))
        mend(browser, 0, actor='市"<img src=x onerror=alert(1)>局')
        for path in (SHEET, f"/drafts/{NAME}/rows/0?{QUERY}", DRAFT):
            html = browser.see(path)
            assert "<script>" not in html
            assert "<img" not in html
            assert "</textarea><b>" not in html


def test_workbooks_to_take_away(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as browser:
        template = browser.client.get(f"/drafts/{NAME}/template")
        catalogue = desk.log.queries.catalogue(NAME)
        assert openpyxl.load_workbook(io.BytesIO(template.content)).worksheets
        assert template.headers["content-disposition"].startswith("attachment")
        hand_in(browser, tmp_path, *BAD)
        annotated = browser.client.get(f"/drafts/{NAME}/annotated?{QUERY}")
        book = openpyxl.load_workbook(io.BytesIO(annotated.content))
        assert [cell.comment for row in book.worksheets[0].iter_rows() for cell in row if cell.comment]
        again = read_within_limits(annotated.content, name="again.xlsx", catalogue=catalogue)
        assert len(again.records) == len(BAD)


def test_many_removals_stand_at_the_top_and_want_a_word(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer, desk.signed_in("wang") as last:
        hand_in(drafter, tmp_path, *(item(f"第{n}类经营许可") for n in range(9)))
        address = submit(drafter)
        reviewer.send(address, f"{address}/approve")
        last.send(address, f"{address}/publish")
        hand_in(drafter, tmp_path, *GOOD)
        html = drafter.see(DRAFT)
        assert html.index("数目异常") < html.index('id="hand-in"')
        answer = drafter.send(DRAFT, f"/drafts/{NAME}/submissions", **HEADING)
        assert answer.status_code == 409
        assert "说明中写明原因" in answer.text
        submit(drafter, note="五项取消")


def test_a_number_that_changes_has_its_difference(desk: DeskSite, tmp_path: Path) -> None:
    with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer, desk.signed_in("wang") as last:
        hand_in(drafter, tmp_path, *GOOD)
        address = submit(drafter)
        reviewer.send(address, f"{address}/approve")
        last.send(address, f"{address}/publish")
        hand_in(drafter, tmp_path, *GOOD[:3], item("第3类经营许可", promised="3个工作日"))
        html = drafter.see(DRAFT)
        (row,) = re.findall(r'<tr><th scope="row">承诺办结时限</th>.*?</tr>', html, re.DOTALL)
        assert re.search(
            r"<del>\d+个工作日</del>.*<ins>3个工作日</ins> <strong[^>]*>−\d+工作日</strong>", row
        )


@pytest.mark.parametrize("position", [4, 2**70])
def test_a_row_that_the_draft_has_not_is_not_found(desk: DeskSite, tmp_path: Path, position: int) -> None:
    with desk.signed_in("zhang") as browser:
        hand_in(browser, tmp_path, *GOOD[:3])
        browser.see(f"/drafts/{NAME}/rows/{position}?{QUERY}", status=404)
        browser.see(f"/submissions/{position}", status=404)
