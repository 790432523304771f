"""The desk in a real browser: its pages have no barrier, and a workbook is mended and published."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from publisher.desk.accounts.roles import Grant, Role
from publisher.desk.desk import open_staff
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.correction import Correction
from publisher.inbox.inbox import Inbox
from publisher.inbox.public_inbox import PublicInbox
from publisher.log.clocks import utc_now
from publisher.log.log import Log
from publisher.settings import Settings, read_settings
from tests.publisher.desk.pages.collected_site import (
    DOCUMENTS,
    SOURCE,
    collect_documents,
    create_documents,
    publish_documents,
    write_source,
)
from tests.publisher.log.findings.checked_site import LIST, publish_repealed_basis
from tests.support import sqlite
from tests.support.command import QINGDAN, item, xlsx
from tests.support.datasets import create_dataset
from tests.support.desk import create_power_list
from tests.support.government import letter
from tests.support.required import skip_or_fail
from tests.support.servers.loopback import Loopback, loopback_server
from tests.support.work_plan import PLAN, TASKS, publish_work_plan
from tests.system.browser.served import free_address
from tests.system.browser.test_checks import AUDIT, AXE, COLOURS, RULES, VNU
from tests.system.browser.visitor import Means, Visitor, visiting

pytestmark = [pytest.mark.program, pytest.mark.slow]
NAME, PART = "shili-power-list", "应急管理局"
WIDTHS = (1366, 360)
BAD = [
    item("", kind="行政许可") if n % 2 else item(f"第{n}类经营许可", promised="尽快", remark="限本市")
    for n in range(10)
]


@contextmanager
def served_desk(home: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve a desk whose site has collected → its address, and a link to sign in for each account."""
    with loopback_server() as web:
        yield from _serve(home, web)


def _serve(home: Path, web: Loopback) -> Iterator[tuple[str, dict[str, str]]]:
    base, links = free_address(), {}
    settings = read_settings(home, {"QINGDAN_DESK_BASE": base})
    assert sqlite.new(home / "qingdan.db") == settings.database
    with (
        closing(Log.open(settings.database, sources=settings.sources)) as log,
        closing(open_staff(settings, create=True)) as staff,
    ):
        log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020-01-01")
        create_power_list(log)
        publish_work_plan(log)
        create_documents(log)
        publish_documents(web)
        write_source(home, web)
        collect_documents(log, settings, utc_now)
        publish_repealed_basis(log)
        log.findings.update()
        create_dataset(log, "responses", "responses", body="示例市")
        ask_for_a_correction(settings, log)
        for name, grant in (
            ("clerk", Grant(Role.DRAFTER, NAME, PART)),
            ("answerer", Grant(Role.DRAFTER)),
            ("planner", Grant(Role.DRAFTER, TASKS, "财政局")),
            ("again", Grant(Role.DRAFTER, NAME, PART)),
            ("reviewer", Grant(Role.REVIEWER, NAME)),
            ("publisher", Grant(Role.PUBLISHER, NAME)),
            ("security", Grant(Role.SECURITY)),
            ("auditor", Grant(Role.AUDITOR)),
            ("system", Grant(Role.SYSTEM)),
            ("collector", Grant(Role.DRAFTER, DOCUMENTS)),
        ):
            links[name] = f"/link/{staff.accounts.add(name, name, [grant], demo=True)}"
    command = [*QINGDAN, "--home", str(home), "desk", "--port", base.rpartition(":")[2], "--until-eof"]
    environ = {**os.environ, "QINGDAN_DESK_BASE": base, "QINGDAN_LOOPBACK": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        try:
            assert "工作台已启动" in process.stderr.readline()
            yield base, links
        finally:
            process.stdin.close()
            process.wait(timeout=20)


def ask_for_a_correction(settings: Settings, log: Log) -> None:
    """Send the form of a record, as a reader does."""
    keys = SealKeys(settings.keys)
    Inbox.create(settings.database, settings.inbox, keys)
    inbox = PublicInbox.open(settings.database, settings.inbox, bytes(32), capacity=10)
    assert inbox is not None
    with closing(inbox):
        (record,) = log.queries.find_by_title(LIST, "档案检查")
        words = ("actor", "市档案馆", "机构改革方案第三条", "张三 13800138000")
        inbox.submit(Correction(LIST, record.id, record.revision or "", *words))


class Pages:
    """The pages that a person sees: audited at once, and kept for the validator."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.violations = folder, dict[str, list[str]]()
        self._axe = AXE.read_text(encoding="utf-8")

    def audit(self, visitor: Visitor, name: str) -> None:
        page = visitor.page
        page.evaluate(self._axe)
        report = []
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 768})
            report += page.evaluate(AUDIT, RULES)
            page.emulate_media(color_scheme="dark")
            report += page.evaluate(AUDIT, COLOURS)
            page.emulate_media(color_scheme="light")
            visitor.asserts_width()
        faults = [f"{v['id']}: {n['target']} {n['html'][:160]}" for v in report for n in v["nodes"]]
        if faults:
            self.violations[name] = faults
        html = page.context.request.get(page.url).text()
        (self.folder / f"{name}.html").write_text(html, encoding="utf-8")


def sign_in(visitor: Visitor, link: str) -> None:
    visitor.opens(link)
    visitor.follows(visitor.page.get_by_role("button", name="登录"))


def add_token(officer: Visitor) -> None:
    """Add a token by the page of the account, which then lists it."""
    officer.opens("/accounts/clerk")
    region = officer.page.get_by_role("region", name="程序用的令牌")
    region.get_by_label("使用令牌的系统").fill("办公系统")
    region.get_by_label("范围").select_option(f"{NAME}:{PART}")
    region.get_by_label("报送").check()
    officer.follows(region.get_by_role("button", name="新增令牌"))
    assert officer.page.get_by_text("qingdan_").count() == 1


def review_documents(clerk: Visitor, pages: Pages) -> None:
    """Look at a document beside its page, leave one out, and accept a repeal."""
    page = clerk.page
    clerk.follows(page.get_by_role("link", name="文件与来源"))
    pages.audit(clerk, "documents")
    clerk.follows(page.get_by_role("link", name="示例市政策文件"))
    pages.audit(clerk, "documents-of-a-list")
    clerk.follows(page.get_by_role("link", name=letter(1)[0]))
    pages.audit(clerk, "document")
    clerk.follows(page.locator("dl.fields dt", has_text="发文字号").get_by_role("link"))
    assert page.locator("tr:target", has_text="鞍政发〔2015〕1号").count() == 1, "the field leads to its line"
    clerk.follows(page.get_by_role("navigation", name="位置").get_by_role("link"))
    clerk.follows(page.get_by_role("link", name=letter(2)[0]))
    pages.audit(clerk, "document-with-findings")
    page.get_by_label("理由").fill("识读有误")
    clerk.follows(page.get_by_role("button", name="不列入草稿"))
    expect(page.get_by_role("link", name=letter(1)[0])).to_have_count(1)
    expect(page.get_by_role("link", name=letter(2)[0])).to_have_count(0)
    page.get_by_label(letter(1)[0]).check()
    clerk.follows(page.get_by_role("button", name="采用所选", exact=True))
    expect(page.get_by_role("cell", name="已采用")).to_have_count(1)
    clerk.follows(page.get_by_role("link", name="草稿、发布后的变化和提交审核"))
    pages.audit(clerk, "draft-of-documents")
    page.get_by_label("依据的文号").fill("示政发〔2024〕1号")
    page.get_by_label("保密审查人").fill("保密员")
    clerk.follows(page.get_by_role("button", name="提交审核"))
    expect(page.get_by_text("等待审核")).to_have_count(1)
    assert clerk.faults == []


def try_a_source(officer: Visitor, pages: Pages) -> None:
    """Try the source again under another name, and add it."""
    page = officer.page
    officer.opens(f"/sources/{SOURCE}")
    pages.audit(officer, "source")
    address = page.locator("dd", has_text="/list.html").inner_text()
    officer.opens("/documents")
    officer.follows(page.get_by_role("link", name="新增来源"))
    pages.audit(officer, "new-source")
    page.get_by_label("名称", exact=True).fill("xian")
    page.get_by_label("来源名称").fill("示例县人民政府")
    page.get_by_label("主机").fill(address.split("/")[2])
    page.get_by_label("读入的清单").select_option(DOCUMENTS)
    page.get_by_label("列出文件的网页").fill(address)
    page.get_by_text("间隔和限度").click()
    page.get_by_label("两次请求之间的秒数").fill("0")
    officer.follows(page.get_by_role("button", name="试运行"))
    page.get_by_role("heading", name="试运行的结果").wait_for()
    pages.audit(officer, "dry-run")
    officer.follows(page.get_by_role("button", name="新增这个来源"))
    expect(page.get_by_role("heading", name="示例县人民政府")).to_have_count(1)


def test_a_workbook_is_mended_in_the_sheet_and_every_page_is_for_everybody(
    chromium: Browser, tmp_path: Path
) -> None:
    if not AXE.exists():
        skip_or_fail("axe-core is not installed (npm ci --prefix tests/system/browser)")
    (tmp_path / "html").mkdir()
    (tmp_path / "site").mkdir()
    pages, means = Pages(tmp_path / "html"), Means(keyboard=False, scripts=True, width=1366)
    with served_desk(tmp_path / "site") as (base, links):
        with visiting(chromium, base, means) as clerk:
            page = clerk.page
            clerk.opens("/sign-in")
            pages.audit(clerk, "sign-in")
            sign_in(clerk, links["clerk"])
            pages.audit(clerk, "my-work")
            clerk.follows(page.get_by_role("link", name=f"示例市权责清单 {PART}"))
            page.get_by_label("文件", exact=True).set_input_files(
                xlsx(tmp_path / "市应急管理局.xlsx", BAD, last_heading="补充内容")
            )
            if means.scripts:
                form = "form[action$='/imports']"
                page.eval_on_selector(form, "form => form.dispatchEvent(new Event('submit'))")
                assert page.get_by_role("button", name="报送").is_disabled()
                expect(page.get_by_role("status")).to_contain_text("正在上传和检查")
                page.evaluate("dispatchEvent(new Event('pageshow'))")
                expect(page.get_by_role("status")).to_be_empty()
            clerk.follows(page.get_by_role("button", name="报送"))
            pages.audit(clerk, "draft-with-findings")
            clerk.follows(page.locator("#findings ~ .scroll tbody th a").first)
            assert page.locator("tr:target").count() == 1, "the link leads to the row of the finding"
            pages.audit(clerk, "sheet")
            page.get_by_label("补充内容").select_option("备注")
            clerk.follows(page.get_by_role("button", name="照此读取"))
            assert page.get_by_label("补充内容").input_value() == "remark"
            for row in range(10):
                clerk.follows(page.get_by_role("link", name=f"更改 第{row + 3}行"))
                if row == 0:
                    pages.audit(clerk, "row")
                page.get_by_label("名称").first.fill(f"第{row}类经营许可")
                page.get_by_label("承诺办结时限").fill("5个工作日")
                clerk.follows(page.get_by_role("button", name="保存更改"))
            assert page.locator(".sign.error").count() == 0
            clerk.follows(page.get_by_role("navigation", name="位置").get_by_role("link"))
            pages.audit(clerk, "draft")
            page.get_by_label("依据的文号").fill("示政发〔2024〕1号")
            page.get_by_label("保密审查人").fill("保密员")
            clerk.follows(page.get_by_role("button", name="提交审核"))
            pages.audit(clerk, "submission")
            clerk.follows(page.get_by_role("link", name="预览发布的网页"))
            pages.audit(clerk, "preview-of-a-release")
            clerk.follows(page.get_by_role("main").get_by_role("link", name="第3类经营许可"))
            assert page.get_by_text("预览，尚未发布").count() == 1
            pages.audit(clerk, "preview-of-a-record")
            assert clerk.faults == []
        for name, button in (("reviewer", "审核通过"), ("publisher", "发布")):
            with visiting(chromium, base, means) as person:
                sign_in(person, links[name])
                person.follows(person.page.get_by_role("main").get_by_role("link", name="示例市权责清单"))
                pages.audit(person, f"{name}-s-submission")
                person.follows(person.page.get_by_role("button", name=button, exact=True))
                if name == "publisher":
                    assert person.page.get_by_text("已发布：第1次发布").count() == 1
        with visiting(chromium, base, means) as planner:
            sign_in(planner, links["planner"])
            planner.opens(f"/drafts/{TASKS}/proposals?part=财政局&document={PLAN}")
            pages.audit(planner, "proposals")
            planner.page.locator("[name=accept-1]").check()
            planner.follows(planner.page.get_by_role("button", name="报送所采用的任务"))
            pages.audit(planner, "draft-of-a-plan")
            assert planner.faults == []
        with visiting(chromium, base, means) as clerk:
            sign_in(clerk, links["again"])
            clerk.follows(clerk.page.get_by_role("link", name="更正、更名或撤回一项：示例市权责清单"))
            clerk.page.get_by_label("事项名称").fill("第3类经营许可")
            clerk.follows(clerk.page.get_by_role("button", name="查找"))
            pages.audit(clerk, "records")
            clerk.follows(clerk.page.get_by_role("link", name="第3类经营许可"))
            pages.audit(clerk, "record")
            clerk.page.get_by_label("承诺办结时限").fill("4个工作日")
            amend = clerk.page.get_by_role("region", name="更正或更名")
            amend.get_by_label("理由").fill("时限有误")
            amend.get_by_label("保密审查人").fill("保密员")
            clerk.follows(amend.get_by_role("button", name="提交审核"))
            assert clerk.page.locator("ins", has_text="4个工作日").count() == 1
            pages.audit(clerk, "submission-of-an-amendment")
            clerk.opens("/")
            clerk.follows(clerk.page.get_by_role("link", name="撤回一次发布 示例市权责清单"))
            pages.audit(clerk, "releases")
            clerk.follows(clerk.page.get_by_role("main").get_by_role("link", name="第1次发布"))
            pages.audit(clerk, "release")
            clerk.page.get_by_label("理由").fill("误发")
            clerk.page.get_by_label("保密审查人").fill("保密员")
            clerk.follows(clerk.page.get_by_role("button", name="提交撤回"))
            assert clerk.page.locator("article.withdrawn").count() > 0
            pages.audit(clerk, "submission-of-a-withdrawal")
            assert clerk.faults == []
        with visiting(chromium, base, means) as clerk:
            sign_in(clerk, links["collector"])
            review_documents(clerk, pages)
        with visiting(chromium, base, means) as answerer:
            sign_in(answerer, links["answerer"])
            pages.audit(answerer, "my-work-with-requests")
            for number, path in enumerate(("/requests", "/answers")):
                answerer.opens(path)
                pages.audit(answerer, f"requests-{number}")
                answerer.follows(answerer.page.get_by_role("main").get_by_role("link", name="档案检查").first)
                pages.audit(answerer, f"request-{number}")
            answerer.page.get_by_label("接受").check()
            answerer.page.get_by_label("回应的内容").fill("已列入修订计划")
            answerer.follows(answerer.page.get_by_role("button", name="列入草稿"))
            assert answerer.page.get_by_role("button", name="提交审核").count() == 1
            assert answerer.faults == []
        for name, paths in (
            ("security", ("/accounts", "/accounts/clerk", "/keys")),
            ("auditor", ("/accounts/clerk", "/audit", "/audit?verify=1", "/documents")),
            ("system", ("/settings", "/datasets", f"/datasets/{NAME}", "/subscriptions", "/documents")),
        ):
            with visiting(chromium, base, means) as officer:
                sign_in(officer, links[name])
                if name == "security":
                    add_token(officer)
                elif name == "system":
                    try_a_source(officer, pages)
                for number, path in enumerate(paths):
                    officer.opens(path)
                    pages.audit(officer, f"{name}-{number}")
                assert officer.faults == []
    assert pages.violations == {}
    assert html_faults(pages.folder) == []


def html_faults(folder: Path) -> list[str]:
    if not VNU.exists() or shutil.which("java") is None:
        skip_or_fail("vnu (npm ci --prefix tests/system/browser) or Java is not installed")
    command = ["java", "-jar", str(VNU), "--format", "json", "--errors-only", "--stdout", str(folder)]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [
        f"{Path(m['url']).name}:{m.get('lastLine')}: {m['message']} {m.get('extract', '')}"
        for m in json.loads(output)["messages"]
        if m["type"] == "error"
    ]
