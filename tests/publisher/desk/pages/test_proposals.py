"""Proposals of a published plan at the desk: accepted, changed, dropped, and never more than that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import DeskSite, desk_site, forms
from tests.support.work_plan import DOCUMENTS, OTHER, PLAN, TASKS, publish_work_plan

pytestmark = pytest.mark.slow

ADDRESS = f"/drafts/{TASKS}/proposals"


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[DeskSite]:
    with desk_site(tmp_path, sqlite.new(tmp_path / "qingdan.db"), clock) as desk:
        publish_work_plan(desk.log)
        desk.add("zhang", f"填报:{TASKS}:财政局")
        desk.add("li", f"审核:{TASKS}")
        yield desk


def test_a_clerk_accepts_changes_and_drops(desk: DeskSite) -> None:
    with desk.signed_in("zhang") as browser:
        assert f'href="{ADDRESS}?part=' in browser.see(f"/drafts/{TASKS}?part=财政局")
        address = f"{ADDRESS}?part=财政局&document={PLAN}"
        html = browser.see(address)
        assert "<script>" not in html
        form = [one for action, one in forms(html).items() if action == ADDRESS][-1]
        assert form.fields["lead-1"] == form.fields["lead-2"] == "市财政局"
        assert form.fields["deadline-1"] == "2020年6月底前"
        assert (form.fields["lead-3"], form.fields["deadline-3"]) == ("", "")
        assert not [name for name in form.fields if name.startswith("accept")], "nothing is by default"
        none = browser.send(address, ADDRESS)
        assert (none.status_code, "没有采用任何任务" in none.text) == (409, True)
        typed = {"accept-1": "on", "accept-3": "on", "task-3": "建立动态调整机制", "deadline-3": "2020年底前"}
        answer = browser.send(address, ADDRESS, **typed)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, f"/drafts/{TASKS}")
        draft = browser.see(answer.headers["location"])
        assert "✕ 错误" not in draft
        assert "组织清理中介服务" not in [line.strip() for line in draft.splitlines()]
        assert "<script>" not in draft
    diff = desk.log.drafts.diff(TASKS, effective_on=date(2020, 1, 2), limit=10)
    rows = {str(one.title): {field.field: field.after for field in one.fields} for one in diff.added}
    assert set(rows) == {"编制行政职权清单", "建立动态调整机制"}
    assert "imported" in {event.kind for event in desk.staff.audit.events()}


def test_a_plan_that_changed_is_shown_again_with_what_was_typed(desk: DeskSite) -> None:
    with desk.signed_in("zhang") as browser:
        address = f"{ADDRESS}?part=财政局&document={PLAN}"
        refused = browser.send(address, ADDRESS, **{"accept-1": "on", "task-1": "编制清单", "digest": "0"})
        assert (refused.status_code, "内容与所看的不同" in refused.text) == (409, True)
        assert 'value="编制清单"' in refused.text
        assert desk.log.drafts.get(TASKS) is None


@pytest.mark.parametrize(
    ("number", "message"),
    [(OTHER, "不是工作方案"), ("示政发〔1999〕1号", "没有已发布的文件"), ("'\"><b>", "没有已发布的文件")],
)
def test_what_proposes_nothing_is_said(desk: DeskSite, number: str, message: str) -> None:
    with desk.signed_in("zhang") as browser:
        answer = browser.client.get(ADDRESS, params={"part": "财政局", "document": number})
        assert answer.status_code == 409
        assert message in answer.text
        assert "<b>" not in answer.text


def test_another_part_another_kind_of_list_and_another_role_are_refused(desk: DeskSite) -> None:
    with desk.signed_in("zhang") as browser:
        form = [one for a, one in forms(browser.see(f"{ADDRESS}?part=财政局&document={PLAN}")).items()][-1]
        other = {**form.fields, "part": "民政局", "accept-1": "on"}
        assert browser.client.post(ADDRESS, data=other).status_code == 403
        assert browser.client.get(f"{ADDRESS}?part=民政局").status_code == 403
        assert browser.client.get(f"/drafts/{DOCUMENTS}/proposals").status_code == 403
    desk.add("wang", "填报")
    with desk.signed_in("wang") as browser:
        assert browser.client.get(f"/drafts/{DOCUMENTS}/proposals").status_code == 404
    with desk.signed_in("li") as browser:
        assert browser.client.get(f"{ADDRESS}?part=财政局").status_code == 403
    assert desk.log.drafts.get(TASKS) is None
