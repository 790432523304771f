"""Columns that the catalogue does not know: a clerk chooses their fields, now and for later files."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from msgspec import structs

from publisher.desk.readings import DraftReadings
from publisher.workflow.import_files import InputFile, import_files
from publisher.workflow.reread_files import reread
from tests.publisher.desk.pages.test_sheets import SHEET, desk, hand_in, mend
from tests.publisher.desk.test_journey import NAME, PART, submit
from tests.support.command import item, xlsx
from tests.support.desk import Browser, DeskSite, forms

pytestmark = pytest.mark.slow
__all__ = ["desk"]  # a fixture

OWN_HEADING = "项目名目"


def choose(browser: Browser, **typed: str) -> httpx.Response:
    return browser.send(SHEET, f"/drafts/{NAME}/columns", **typed)


ROWS = [item("第0类经营许可", remark="限本市"), item("第1类经营许可", promised="尽快", remark="限本省")]


def test_a_column_that_was_not_read_is_given_a_field_now_and_for_later_files(
    desk: DeskSite, tmp_path: Path
) -> None:
    with desk.signed_in("zhang") as browser:
        hand_in(browser, tmp_path, *ROWS, last_heading=OWN_HEADING)
        mend(browser, 1, promised_limit="5个工作日")
        html = browser.see(SHEET)
        assert OWN_HEADING in html
        assert "限本市" not in html
        assert 'value="entered_by"' not in html, "a personal field cannot be chosen"
        assert choose(browser, **{"field-1": "remark"}).status_code == 303
        html = browser.see(SHEET)
        assert re.search(r"<td>限本市</td>", html)
        assert "已更改，原为“尽快”" in html, "what was mended stays"
        (event,) = [event for event in desk.staff.audit.events() if event.kind == "columns-chosen"]
        assert event.details["headings"] == {OWN_HEADING: "remark"}
        # The next file, and what the command line and the worker read, know the heading.
        hand_in(browser, tmp_path, item("第2类经营许可", remark="限本县"), last_heading=OWN_HEADING)
        assert re.search(r"<td>限本县</td>", browser.see(SHEET))
        # It is not read any more.
        assert choose(browser, **{"field-1": ""}).status_code == 303
        assert "限本县" not in browser.see(SHEET)
        assert desk.log.datasets.headings(NAME) == {}


@pytest.mark.parametrize("is_cached", [False, True])
def test_a_file_that_was_read_before_a_column_was_chosen_shows_its_draft_and_can_be_read_so(
    desk: DeskSite, tmp_path: Path, *, is_cached: bool
) -> None:
    query = "part=民政局"
    file = xlsx(tmp_path / "民政局.xlsx", [item("第9类许可", remark="限本县")], last_heading=OWN_HEADING)
    import_files(desk.log, NAME, [InputFile(file.name, file.read_bytes())], part="民政局")
    sheet = f"/drafts/{NAME}/sheet?{query}"
    columns = f"/drafts/{NAME}/columns"
    with desk.signed_in("zhang") as browser, desk.signed_in("sun") as other:
        if is_cached:
            other.see(sheet)
        hand_in(browser, tmp_path, *ROWS, last_heading=OWN_HEADING)
        assert choose(browser, **{"field-1": "remark"}).status_code == 303
        for _ in range(2):
            shown = other.see(sheet)
            assert "限本县" not in shown
            assert "尚未照此读取" in shown
            (row,) = desk.log.drafts.rows(desk.log.drafts.imports(NAME, ("民政局",))[0], [0])
            assert "remark" not in row.content
        assert forms(shown)[columns].fields["field-1"] == "remark"
        assert other.send(sheet, columns).status_code == 303
        shown = other.see(sheet)
        assert re.search(r"<td>限本县</td>", shown)
        assert "尚未照此读取" not in shown
        # Not chosen any more: the first file stays as it was read until it is read again.
        assert other.send(sheet, columns, **{"field-1": ""}).status_code == 303
        assert "限本县" not in other.see(sheet)
        state = desk.app.state
        state.desk = structs.replace(state.desk, readings=DraftReadings(desk.log))  # as after a restart
        shown = browser.see(SHEET)
        assert re.search(r"<td>限本市</td>", shown)
        assert "尚未照此读取" in shown
        assert forms(shown)[columns].fields["field-1"] == ""
        assert choose(browser).status_code == 303
        assert "限本市" not in browser.see(SHEET)
        assert desk.log.datasets.headings(NAME) == {}


def test_what_was_read_by_an_own_heading_is_read_again_without_a_difference(
    desk: DeskSite, tmp_path: Path
) -> None:
    with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer, desk.signed_in("wang") as last:
        hand_in(drafter, tmp_path, ROWS[0], last_heading=OWN_HEADING)
        choose(drafter, **{"field-1": "remark"})
        address = submit(drafter)
        reviewer.send(address, f"{address}/approve")
        assert "第1次发布" in last.send(address, f"{address}/publish").text
    (part,) = [p for p in reread(desk.log, NAME, desk.log.queries.catalogue(NAME)) if p.part == PART]
    assert part.differences == []
    assert desk.log.integrity.verify().ok


@pytest.mark.parametrize(
    ("heading", "field"), [(OWN_HEADING, "entered_by"), (OWN_HEADING, "nothing"), ("别的列", "remark")]
)
def test_no_personal_field_and_no_other_heading_is_chosen(
    desk: DeskSite, tmp_path: Path, heading: str, field: str
) -> None:
    with desk.signed_in("zhang") as browser, desk.signed_in("zhao") as other:
        hand_in(browser, tmp_path, *ROWS, last_heading=OWN_HEADING)
        before = desk.log.drafts.get(NAME)
        refused = choose(browser, **{"heading-1": heading, "field-1": field})
        assert refused.status_code == 409
        assert "不能为这些列选择字段" in refused.text
        assert desk.log.datasets.headings(NAME) == {}
        assert desk.log.drafts.get(NAME) == before
        # Of two clerks the second is told.
        form = forms(other.see(SHEET))[f"/drafts/{NAME}/columns"]
        mend(browser, 1, promised_limit="5个工作日")
        moved = other.client.post(form.action, data={**form.fields, "field-1": "remark"})
        assert moved.status_code == 409
        assert desk.log.datasets.headings(NAME) == {}
