"""Tasks of readers in a real browser: by mouse or keyboard alone, with and without scripts."""

from __future__ import annotations

import io
import re
from itertools import product

import feedparser
import httpx
import icalendar
import openpyxl
import pytest
from playwright.sync_api import Browser, expect

from tests.system.browser.visitor import MEANS, Means, Visitor, visiting

pytestmark = pytest.mark.program

MOUSE_WIDE, MOUSE_PLAIN_PHONE, KEYS_PHONE, KEYS_PLAIN_WIDE = MEANS
BOTH = (pytest.param(MOUSE_WIDE, id=str(MOUSE_WIDE)), pytest.param(KEYS_PLAIN_WIDE, id=str(KEYS_PLAIN_WIDE)))
OTHERS = (
    pytest.param(MOUSE_PLAIN_PHONE, id=str(MOUSE_PLAIN_PHONE)),
    pytest.param(KEYS_PHONE, id=str(KEYS_PHONE)),
)


def test_the_means_cover_every_pair_of_choices() -> None:
    for first, second in (("keyboard", "scripts"), ("keyboard", "width"), ("scripts", "width")):
        pairs = {(getattr(m, first), getattr(m, second)) for m in MEANS}
        assert pairs == set(product({a for a, _ in pairs}, {b for _, b in pairs}))
        assert len(pairs) == 4


def searches(visitor: Visitor, words: str) -> None:
    visitor.writes(
        visitor.page.get_by_role("searchbox").or_(visitor.page.get_by_role("combobox")).first, words
    )
    visitor.sends()


@pytest.mark.parametrize("means", BOTH)
def test_a_charge_is_found_by_part_of_its_name_in_traditional_characters_and_quoted(
    browser: Browser, base: str, means: Means
) -> None:
    with visiting(browser, base, means) as visitor:
        page = visitor.page
        visitor.opens("/")
        searches(visitor, "汙水處理")
        visitor.follows(page.get_by_role("main").get_by_role("link", name="居民生活污水处理费").first)
        expect(page.get_by_role("heading", level=1)).to_have_text("居民生活污水处理费")
        history = page.get_by_role("region", name="历次变化")
        expect(history.locator("del").first).to_be_visible()
        citation = page.get_by_role("region", name="引用本条目")
        pinned = citation.get_by_role("link")
        text = pinned.inner_text()
        if means.scripts:
            page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            copies = citation.get_by_role("button", name="复制")
            visitor.jumps(copies)
            expect(citation.get_by_role("button", name="已复制")).to_be_visible()
            assert text in page.evaluate("navigator.clipboard.readText()")
        assert re.search(r"release=\d+$", text)
        visitor.follows(history.get_by_role("link", name="查看当时内容").last)
        expect(page.get_by_role("main")).to_contain_text("0.85元")
        expect(page.get_by_role("complementary", name="所看的版本")).to_contain_text("第1次发布")
        assert httpx.get(text, headers={"accept": "text/html"}).headers["cache-control"].endswith("no-cache")


@pytest.mark.parametrize("means", OTHERS)
def test_the_founding_notice_is_found_by_a_bare_number_and_read_by_its_outline(
    browser: Browser, base: str, means: Means
) -> None:
    with visiting(browser, base, means) as visitor:
        page = visitor.page
        visitor.opens("/")
        searches(visitor, "鞍政发 2015 34")
        visitor.follows(page.get_by_role("main").locator("ol.hits h3 a").first)
        expect(page.get_by_role("main")).to_contain_text("鞍政发〔2015〕34号")
        outline = page.get_by_role("navigation", name="正文目录")
        section = outline.get_by_role("link", name=re.compile("收费")).first
        title = section.inner_text()
        visitor.jumps(section)
        assert "#" in page.url
        heading = page.locator(":target")
        expect(heading).to_contain_text(title.split("）")[-1][:6])
        expect(heading).to_be_in_viewport()
        visitor.follows(page.get_by_role("link", name="辽政发〔2015〕19号").first)
        expect(page.get_by_role("main")).to_contain_text("辽政发〔2015〕19号")


@pytest.mark.parametrize("means", BOTH)
def test_a_search_is_narrowed_widened_and_subscribed_to(browser: Browser, base: str, means: Means) -> None:
    with visiting(browser, base, means) as visitor:
        page = visitor.page
        visitor.opens("/search?q=许可")
        beside = page.get_by_role("complementary", name="缩小范围")
        visitor.follows(beside.get_by_role("link", name=re.compile("示例市权责清单")))
        visitor.follows(beside.get_by_role("link", name=re.compile("示例市住房和城乡建设局")))
        chips = page.get_by_role("list", name="已选条件")
        expect(chips.get_by_role("listitem")).to_have_count(2)
        expect(beside.get_by_role("link", name=re.compile("示例市农业农村局"))).to_be_visible()
        visitor.follows(chips.get_by_role("link", name=re.compile("示例市住房和城乡建设局")))
        expect(chips.get_by_role("listitem")).to_have_count(1)
        visitor.follows(page.get_by_role("main").get_by_role("link", name="订阅变化"))
        feed = page.get_by_role("main").get_by_role("link", name="Atom").first
        address = feed.get_attribute("href") or ""
        parsed_feed = feedparser.parse(httpx.get(httpx.URL(page.url).join(address)).content)
        assert not parsed_feed.bozo
        assert any("许可" in entry.title or "危险化学品" in entry.title for entry in parsed_feed.entries)


@pytest.mark.parametrize("means", OTHERS)
def test_two_releases_are_compared_narrowed_to_what_went_and_taken_as_a_workbook(
    browser: Browser, base: str, means: Means
) -> None:
    with visiting(browser, base, means) as visitor:
        page = visitor.page
        visitor.opens("/datasets/shili-fees/releases/2")
        visitor.follows(page.get_by_role("link", name="与上一次比较"))
        visitor.follows(
            page.get_by_role("list", name="按变化类型").get_by_role("link", name=re.compile("移出清单"))
        )
        expect(page.locator("article.difference")).to_have_count(1)
        expect(page.locator("article.difference")).to_contain_text("价格鉴证业务收费")
        workbook = visitor.downloads(page.get_by_role("link", name="下载 XLSX"))
        book = openpyxl.load_workbook(io.BytesIO(workbook.read_bytes()))
        text = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
        assert any("价格鉴证业务收费" in cell for cell in text)
        assert not any("城市道路占用挖掘修复费" in cell for cell in text)


@pytest.mark.parametrize("means", BOTH)
def test_a_day_is_chosen_searched_at_and_left(browser: Browser, base: str, means: Means) -> None:
    with visiting(browser, base, means) as visitor:
        page = visitor.page
        visitor.opens("/")
        visitor.dates(page.get_by_label("按日期查看"), "2024-03-01")
        if means.keyboard:
            visitor.sends()
        else:
            visitor.follows(page.get_by_role("button", name="查看", exact=True))
        banner = page.get_by_role("complementary", name="所看的日期")
        expect(banner).to_contain_text("2024年3月1日")
        searches(visitor, "价格鉴证")
        expect(banner).to_contain_text("2024年3月1日")
        visitor.follows(page.get_by_role("main").get_by_role("link", name="价格鉴证业务收费").first)
        expect(banner).to_contain_text("2024年3月1日")
        expect(page.locator(".status").first).to_have_text("现行有效")
        visitor.follows(banner.get_by_role("link", name="回到今天"))
        expect(banner).to_have_count(0)
        expect(page.locator(".status").first).to_have_text("已移出清单")


@pytest.mark.parametrize("means", OTHERS)
def test_what_is_not_there_withdrawn_or_away_says_so_and_leads_on(
    browser: Browser, base: str, base_without_search: str, means: Means
) -> None:
    with visiting(browser, base, means) as visitor:
        page = visitor.page
        visitor.opens("/nowhere")
        expect(page.get_by_role("main")).to_contain_text("404")
        visitor.follows(page.get_by_role("main").get_by_role("link", name="返回首页"))
        visitor.opens("/changes?kind=withdrawn")
        visitor.follows(page.get_by_role("main").get_by_role("link", name="遗体整容").first)
        expect(page.get_by_role("main")).to_contain_text("撤回")
        expect(page.get_by_role("region", name="历次变化")).to_contain_text("撤回")
        # The browser reports an error response on the console.
        assert len(visitor.faults) == 2
        visitor.faults.clear()
    with visiting(browser, base_without_search, means) as visitor:
        page = visitor.page
        visitor.opens("/datasets/shili-fees")
        searches(visitor, "许可")
        expect(page.get_by_role("main")).to_contain_text("503")
        expect(page.get_by_role("main").get_by_role("link", name="重试")).to_be_visible()
        visitor.follows(page.get_by_role("main").get_by_role("link", name="全部清单"))
        expect(page.get_by_role("heading", name="全部清单")).to_be_visible()
        assert len(visitor.faults) == 1
        visitor.faults.clear()


def test_a_request_is_sent_from_the_reference_of_the_api(browser: Browser, base: str) -> None:
    for means in MEANS:
        if not means.scripts:
            continue
        with visiting(browser, base, means) as visitor:
            visitor.opens("/docs#list_records")
            form = visitor.page.locator("#list_records form")
            visitor.writes(form.get_by_label("dataset"), "shili-fees")
            visitor.writes(form.get_by_label("filters"), "management=缴入地方国库")
            visitor.writes(form.get_by_label("limit"), "1")
            visitor.page.keyboard.press("Enter")
            form.locator(".answer").wait_for()
            assert '"dataset": "shili-fees"' in form.locator(".answer").inner_text()
            assert form.get_by_role("status").inner_text().startswith("200 ")
            assert "limit=1" in (form.locator(".sent a").get_attribute("href") or "")


@pytest.mark.parametrize("means", OTHERS)
def test_a_reporter_asks_what_of_a_plan_was_done(browser: Browser, base: str, means: Means) -> None:
    with visiting(browser, base, means) as visitor:
        page, main = visitor.page, visitor.page.get_by_role("main")
        visitor.opens("/commitments?plan=示政办发〔2024〕1号")
        expect(page.get_by_role("heading", level=1)).to_have_text("示政办发〔2024〕1号 工作任务")
        counts = main.locator("dl.summary dd")
        expect(counts).to_have_text(["3", "1", "2"])
        visitor.asserts_width()
        visitor.follows(counts.get_by_role("link").nth(1))
        late = "编制并公布政府性基金目录清单"
        expect(main.locator("ol.hits h3 bdi")).to_have_text([late])
        visitor.follows(main.get_by_role("link", name=late))
        expect(main.locator("blockquote mark")).to_have_text(late)
        expect(main).to_contain_text("尚未成立")
        visitor.follows(main.get_by_role("link", name="条目、来源和历次变化"))
        expect(page.get_by_role("heading", level=1)).to_have_text(late)
        visitor.follows(main.get_by_role("link", name="是否完成、佐证和各方说明"))
        visitor.follows(main.locator("blockquote").locator("..").get_by_role("link"))
        expect(main).to_contain_text(f"〔{late}：逾期〕")
        visitor.opens("/commitments?plan=示政办发〔2024〕1号")
        address = main.get_by_role("link", name="全部时限（ICS）").get_attribute("href")
        calendar = httpx.get(f"{base}{address}", timeout=60)  # it is made when asked for
        todos = icalendar.Calendar.from_ical(calendar.content).walk("VTODO")
        assert sorted(str(todo["STATUS"]) for todo in todos) == ["COMPLETED"] * 3 + ["NEEDS-ACTION"] * 2
