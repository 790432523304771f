"""The whole story at the desk in a real browser: by mouse and by keyboard alone, with and without scripts.

A clerk hands in a workbook with ten mistakes, mends them, and submits it; it comes back, is submitted again,
approved and published; a record is corrected in the same way; an edit after an approval is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.support.command import item, xlsx
from tests.system.browser.test_desk import BAD, PART, served_desk
from tests.system.browser.visitor import MEANS, Means, Visitor, visiting

pytestmark = [pytest.mark.program, pytest.mark.slow]

LIST = f"示例市权责清单 {PART}"
REVIEW, PUBLICATION = "等待我审核", "等待我发布"
PLACES = [replace(means, width=1366 if means.width > 1000 else 360) for means in MEANS]
"""An old office computer, and a telephone."""


class Person:
    """Somebody at the desk, who reaches everything by role and name."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def follow(self, name: str, within: str = "") -> None:
        """Follow a link, of a region of the page if one is named."""
        place = self.main.get_by_role("region", name=within, exact=True) if within else self.main
        self.visitor.follows(place.get_by_role("link", name=name, exact=True))

    def press(self, name: str, within: Locator | None = None) -> None:
        self.visitor.follows((within or self.main).get_by_role("button", name=name, exact=True))

    def write(self, label: str, text: str, within: Locator | None = None) -> None:
        self.visitor.writes((within or self.main).get_by_label(label).first, text)

    def choose_file(self, label: str, file: Path) -> None:
        self.visitor.chooses(self.main.get_by_label(label, exact=True), file)

    def home(self) -> None:
        self.visitor.follows(self.page.get_by_role("link", name="我的工作"))

    def sees(self, text: str) -> None:
        expect(self.main.get_by_text(text).first).to_be_visible()


@contextmanager
def staff(
    chromium: Browser, base: str, means: Means, links: dict[str, str], *names: str
) -> Iterator[list[Person]]:
    """Sign everybody in, each in a browser of his own."""
    with ExitStack() as stack:
        signed_in = []
        for name in names:
            person = Person(stack.enter_context(visiting(chromium, base, means)))
            person.visitor.opens(links[name])
            person.press("登录")
            signed_in.append(person)
        yield signed_in


@pytest.mark.parametrize("means", PLACES, ids=str)
def test_the_story(chromium: Browser, tmp_path: Path, means: Means) -> None:
    with (
        served_desk(tmp_path) as (base, links),
        staff(chromium, base, means, links, "clerk", "reviewer", "publisher") as (clerk, reviewer, last),
    ):
        hand_in(clerk, xlsx(tmp_path / "市应急管理局.xlsx", BAD))
        mend_ten_mistakes(clerk)
        submit(clerk)
        # It comes back, and is submitted again.
        open_submission(reviewer, REVIEW)
        reviewer.write("退回的理由", "第3类的承诺时限请再核")
        reviewer.press("退回")
        clerk.home()
        clerk.sees("第3类的承诺时限请再核")
        clerk.follow(LIST, "退回给我的")
        clerk.follow("市应急管理局.xlsx")
        mend(clerk, 3, "第3类经营许可", "6个工作日")
        clerk.follow(LIST)
        submit(clerk)
        clerk.sees("等待审核")
        approve(reviewer)
        publish(last)
        last.sees("已发布：第1次发布")
        # One record is corrected.
        correct(clerk)
        approve(reviewer, "示例市权责清单")
        publish(last, "示例市权责清单")
        last.sees("已发布：第2次发布")
        # An edit after the approval voids it: the page that is open does not publish, nor does a new one.
        clerk.home()
        clerk.follow(LIST, "报送")
        rows = [item(f"第{n}类经营许可", promised="5个工作日") for n in range(10)]
        choose_and_send(clerk, xlsx(tmp_path / "市应急管理局.xlsx", [*rows, item("新的许可")]))
        submit(clerk)
        approve(reviewer)
        open_submission(last, PUBLICATION)
        clerk.home()
        clerk.follow(LIST, "报送")
        clerk.follow("市应急管理局.xlsx")
        mend(clerk, 10, "另一项许可", "5个工作日")
        last.press("发布")
        last.sees("原审核已失效")
        assert last.main.get_by_role("button", name="发布", exact=True).count() == 0
        # The console names the refusal.
        assert all("409" in fault for fault in last.visitor.faults)
        last.visitor.faults.clear()


def hand_in(clerk: Person, file: Path) -> None:
    clerk.follow(LIST, "报送")
    choose_and_send(clerk, file)
    assert clerk.main.locator(".sign.error, .sign.warning").count() >= 10


def choose_and_send(clerk: Person, file: Path) -> None:
    clerk.choose_file("文件", file)
    clerk.press("报送")


def mend_ten_mistakes(clerk: Person) -> None:
    """Mend each row in its form, from the sheet."""
    clerk.follow("市应急管理局.xlsx")
    for number in range(10):
        mend(clerk, number, f"第{number}类经营许可", "5个工作日")
    assert clerk.main.locator(".sign.error").count() == 0
    clerk.follow(LIST)


def mend(clerk: Person, number: int, name: str, promised: str) -> None:
    clerk.follow(f"更改 第{number + 3}行")
    clerk.write("名称", name)
    clerk.write("承诺办结时限", promised)
    clerk.press("保存更改")
    assert clerk.main.locator("tr:target").count() == 1, "the page shows the row that was mended"


def submit(clerk: Person) -> None:
    clerk.write("依据的文号", "示政发〔2026〕1号")
    clerk.write("保密审查人", "保密员")
    clerk.press("提交审核")
    clerk.sees("等待审核")


def open_submission(person: Person, waits_for: str, name: str = LIST) -> None:
    person.home()
    person.follow(name, waits_for)


def approve(reviewer: Person, name: str = LIST) -> None:
    open_submission(reviewer, REVIEW, name)
    reviewer.press("审核通过")
    reviewer.sees("已审核，等待发布")


def publish(last: Person, name: str = LIST) -> None:
    open_submission(last, PUBLICATION, name)
    last.press("发布")


def correct(clerk: Person) -> None:
    clerk.home()
    clerk.follow("更正、更名或撤回一项：示例市权责清单")
    clerk.write("事项名称", "第4类经营许可")
    clerk.press("查找")
    clerk.follow("第4类经营许可")
    amend = clerk.main.get_by_role("region", name="更正或更名")
    clerk.write("承诺办结时限", "4个工作日", amend)
    clerk.write("理由", "时限有误", amend)
    clerk.write("保密审查人", "保密员", amend)
    clerk.press("提交审核", amend)
    clerk.sees("4个工作日")
