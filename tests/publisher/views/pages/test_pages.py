"""Pages are well formed, their links work, and they are safe and cached like the API."""

from __future__ import annotations

import itertools
import re
from datetime import date
from pathlib import Path

import httpx
import pytest

from publisher.views.pages import comparison
from publisher.views.pages.printing.templates import POLICY
from tests.publisher.views.pages.conftest import BROWSER, Open, Page
from tests.support.problems import assert_problem
from tests.support.site import FEES, Site, four_releases, publish

HOME = f"/datasets/{FEES}"
NOT_LOADED = {"canonical", "cite-as", "type", "author", "license", "describedby", "item", "collection"}
"""Relations of links that no browser follows by itself."""


def addresses(site: Site) -> list[str]:
    """List one address of every kind of page."""
    return [
        "/",
        "/search",
        "/search?q=收费",
        "/search?q=收费&dataset=shili-fees&sort=-date",
        "/search?q=没有这样的事项",
        HOME,
        f"{HOME}?sort=-name&fields=department&department=市自然资源局",
        f"{HOME}?release=1",
        "/datasets/empty-fees",
        f"{HOME}/records/{site.record('城镇垃圾处理费')}",
        f"{HOME}/records/{site.record('城镇垃圾处理费')}?release=1",
        f"{HOME}/records/{site.record('药品注册费')}",
        f"{HOME}/compare",
        f"{HOME}/compare?from=2015-06-01&to=2016-12-31&kind=removed",
        "/datasets/empty-fees/compare",
        f"{HOME}/releases/1",
        f"{HOME}/releases/4",
        "/developers",
        "/developers/service",
        "/docs",
        "/problems/withdrawn",
        "/nowhere",
        f"{HOME}?nmae=1",
    ]


@pytest.fixture(params=["", "en", "zh-Hant"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def with_language(address: str, lang: str) -> str:
    return address + ("&" if "?" in address else "?") + f"lang={lang}" if lang else address


@pytest.mark.slow
def test_every_page_is_well_formed_and_loads_nothing_from_another_host(
    site: Site, visit: Open, lang: str
) -> None:
    for address in addresses(site):
        page = visit(with_language(address, lang))
        assert page.status < 500, address
        assert page.answer.headers["content-type"] == "text/html; charset=utf-8"
        assert page.answer.headers["content-security-policy"] == POLICY
        assert "unsafe-inline" not in POLICY
        assert len(page.all("h1")) == 1, address
        assert page.all("main"), address
        assert not [a for _, a in page.elements if "style" in a or any(n.startswith("on") for n in a)]
        ids = [a["id"] for _, a in page.elements if "id" in a]
        assert len(ids) == len(set(ids)), address
        for tag, attributes in page.elements:
            for name in ("src", "action"):
                assert attributes.get(name, "/").startswith("/"), (address, tag)
            if tag == "link" and attributes["rel"] not in NOT_LOADED and "hreflang" not in attributes:
                assert attributes["href"].startswith("/"), address


@pytest.mark.slow
def test_heading_levels_go_down_one_step_at_a_time(site: Site, visit: Open) -> None:
    for address in addresses(site):
        levels = [int(tag[1]) for tag, _ in visit(address).elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1, address
        assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), (address, levels)


@pytest.mark.slow
def test_every_field_of_a_form_has_a_label(site: Site, visit: Open) -> None:
    for address in addresses(site):
        page = visit(address)
        labelled = {a.get("for") for a in page.all("label")}
        for attributes in page.all("input"):
            if attributes.get("type") not in ("hidden", "checkbox"):
                assert attributes["id"] in labelled, address


@pytest.mark.slow
def test_every_link_of_every_page_answers(site: Site, visit: Open) -> None:
    checked: set[str] = set()
    for address in [*addresses(site), f"{HOME}?as_of=2015-06-01"]:
        page = visit(address)
        anchors = {a["id"] for _, a in page.elements if "id" in a}
        for link in page.links:
            path, _, anchor = link.partition("#")
            if anchor and not path:
                assert anchor in anchors, (address, link)
            if path.startswith("/") and path not in checked and "nmae" not in path and "/nowhere" not in path:
                checked.add(path)
                answer = site.client.get(path)
                assert answer.status_code in (200, 410), (address, link, answer.text[:200])
    assert len(checked) > 50


@pytest.mark.slow
def test_a_page_that_is_unchanged_is_304_and_keeps_its_policy(site: Site) -> None:
    for address in addresses(site)[:-2]:
        first = site.client.get(address, headers=BROWSER)
        if first.status_code != 200:
            continue
        again = site.client.get(address, headers={**BROWSER, "if-none-match": first.headers["etag"]})
        assert again.status_code == 304, address
        assert "content-security-policy" not in again.headers


def test_a_pinned_page_stays_and_says_so(site: Site, visit: Open) -> None:
    record = f"{HOME}/records/{site.record('城镇垃圾处理费')}"
    pinned = visit(f"{record}?release=1")
    assert pinned.answer.headers["cache-control"] == "public, no-cache"  # a withdrawal would change it
    assert "缴入地方国库" in pinned.text
    assert "缴入财政专户" not in pinned.text
    assert "固定版本" in pinned.text
    assert "immutable" not in visit(record).answer.headers["cache-control"]


def test_assets_are_immutable_and_older_names_still_answer(site: Site, visit: Open) -> None:
    (sheet,) = [link["href"] for link in visit("/").all("link", rel="stylesheet")]
    answer = site.client.get(sheet)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    older = site.client.get(re.sub(r"\.[0-9a-f]{10}\.", ".0123456789.", sheet))
    assert older.content == answer.content
    assert "immutable" not in older.headers["cache-control"]
    assert_problem(site.client.get("/assets/site.css"), "no-such-route")
    assert_problem(site.client.get("/assets/..%2fpress.0123456789.css"), "no-such-route")


def test_a_program_still_gets_a_problem_where_a_browser_gets_a_page(site: Site, visit: Open) -> None:
    assert_problem(site.client.get("/nowhere"), "no-such-route")
    assert_problem(site.client.get("/nowhere", headers={"accept": "application/json"}), "no-such-route")
    page = visit("/nowhere")
    assert (page.status, page.all("html", lang="zh-CN") != []) == (404, True)
    assert "没有这个地址" in page.text


def test_links_keep_the_chosen_day_until_the_reader_leaves_it(site: Site, visit: Open) -> None:
    page = visit("/?as_of=2015-06-01")
    assert "2015年6月1日" in page.text
    inside = [
        link
        for link in page.links
        if link.startswith(("/datasets/", "/search")) and "?" in link + "?" and "/assets/" not in link
    ]
    assert inside
    assert all("as_of=2015-06-01" in link for link in inside)
    dataset = visit(next(link for link in inside if link.startswith(HOME)))
    assert "价格鉴证业务收费" in dataset.text
    assert "食品经营许可证工本费" not in dataset.text
    leaving = [link for link in dataset.links if link == HOME]
    assert leaving
    assert "食品经营许可证工本费" in visit(HOME).text


def test_labels_are_english_on_request_and_links_keep_the_language(visit: Open) -> None:
    page = visit("/?lang=en")
    assert page.all("html", lang="en")
    assert "Latest changes" in page.text
    assert all("lang=en" in link for link in page.leading_to("/datasets/"))
    assert visit("/?lang=fr").status == 422


def test_a_mistyped_parameter_has_a_link_to_the_one_that_was_meant(visit: Open) -> None:
    page = visit("/search?q=收费&bodi=财政局")
    assert page.status == 422
    (meant,) = page.leading_to("body=")
    assert visit(meant).status == 200


def test_traditional_characters_are_shown_on_demand_but_never_in_a_citation(site: Site, visit: Open) -> None:
    page = visit(f"{HOME}/records/{site.record('城镇垃圾处理费')}?lang=zh-Hant")
    assert "城鎮垃圾處理費" in page.text
    assert "機器轉換" in page.text
    raw = page.answer.text
    citation = raw[raw.index('class="citation"') :].partition("</p>")[0]
    assert "城镇垃圾处理费" in citation


def test_a_withdrawn_record_states_the_reason_and_keeps_its_history(site: Site, visit: Open) -> None:
    page = visit(f"{HOME}/records/{site.record('药品注册费')}")
    assert page.status == 410
    for words in ("药品注册费", "重复登记", "历次变化", "撤回"):
        assert words in page.text
    assert page.leading_to(f"{HOME}?") or page.leading_to(HOME)


def test_a_corrected_record_says_so_at_the_top_and_marks_what_changed(site: Site, visit: Open) -> None:
    page = visit(f"{HOME}/records/{site.record('不动产登记费')}")
    assert page.text.index("已更正") < page.text.index("基本情况")
    assert "更正：资金管理方式有误" in page.text
    assert "<del>缴入中央和地方国库</del><ins>缴入地方国库</ins>" in page.answer.text


def test_typed_text_is_never_markup(visit: Open) -> None:
    typed = "\"><script>alert(1)</script><b onclick='x'>"
    page = visit(f"/search?q={typed}")
    assert page.all("input", id="q")[0]["value"] == typed
    assert [a for t, a in page.elements if t == "script" and "src" not in a] == []
    assert not page.all("b")


def test_narrowing_a_search_adds_a_filter_and_its_chip_removes_it(visit: Open) -> None:
    results = visit("/search?q=费")
    narrower = next(link for link in results.leading_to("body=") if "/search" in link)
    narrowed = visit(narrower)
    (chip,) = re.findall(r'<ul class="chips".*?</ul>', narrowed.answer.text, re.S)
    off = re.search(r'href="([^"]+)"', chip)
    assert off
    assert Page(results.answer).text != narrowed.text
    assert visit(off[1].replace("&amp;", "&")).text == results.text
    of_release = visit(f"/search?q=费&dataset={FEES}&release=1")
    (chip,) = re.findall(r'<ul class="chips".*?</ul>', of_release.answer.text, re.S)
    assert re.findall(r'href="(/search[^"]*)"', chip) == ["/search?q=%E8%B4%B9"]


def test_a_record_names_the_cells_it_was_read_from_and_their_original_text(visit: Open, site: Site) -> None:
    record = site.client.get(f"/v1/datasets/{FEES}/records?limit=1").json()["records"][0]
    text = visit(f"/datasets/{FEES}/records/{record['id']}").text
    cells = text.split("共识读1处，查看原文", 1)[1]
    assert re.match(rf" 收费项目 A\d+ {re.escape(record['title'])}", cells), cells[:80]


def test_a_search_that_finds_nothing_still_names_its_filters_and_shows_no_empty_facet(
    site: Site, visit: Open
) -> None:
    page = visit(f"/search?q=没有这样的事项&dataset={FEES}")
    assert site.client.get(f"/v1/datasets/{FEES}").json()["title"] in page.text
    assert FEES not in page.text
    assert not [at for _, at in page.elements if at.get("class") == "facet"]


def test_what_is_not_held_is_said_and_nothing_claims_to_contain_every_word(
    look: Open, demo: httpx.Client
) -> None:
    page = look("/search?q=月球登陆许可")
    words = "".join(page.words)
    assert "本站没有收录" in words
    assert "包含" not in words
    assert "条结果" not in words
    near_page = look("/search?q=月球+收费+殡葬")
    near = "".join(near_page.words)
    assert "本站没有收录“月球”" in near
    assert "近似的" in near
    assert not near_page.leading_to("/search.csv")
    (heading,) = demo.get("/search.csv?q=月球+收费+殡葬").text.splitlines()
    assert "固定地址" in heading


def test_a_list_is_found_by_its_title(site: Site, visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    title = str(site.client.get(f"/v1/datasets/{FEES}").json()["title"])
    page = visit(f"/search?q={title}")
    assert any(at.get("href", "").endswith(HOME) for tag, at in page.elements if tag == "a")
    assert "清单：" in page.text
    monkeypatch.setattr("publisher.views.pages.search._MOST_LISTS", 0)
    assert "另有1份清单" in visit(f"/search?q={title}").text.replace(" ", "")


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("示例市權責清單", "/datasets/shili-power-list?lang=zh-Hant"),
        ("示例市权责清单第2次发布", "/datasets/shili-power-list/releases/2?lang=zh-Hant"),
        ("powers shili Release 2", "/datasets/shili-power-list/releases/2?lang=zh-Hant"),
    ],
)
def test_a_list_and_its_release_are_found_as_pages_print_them(look: Open, query: str, target: str) -> None:
    assert target in look(f"/search?q={query}&lang=zh-Hant").links


@pytest.mark.parametrize("query", ["第2次发布", "示例市权责清单第999次发布"])
def test_a_release_of_no_list_or_that_is_not_there_is_not_offered(look: Open, query: str) -> None:
    page = look(f"/search?q={query}")
    assert "清单：" not in page.text
    assert not [link for link in page.links if "/releases/" in link]


def test_facets_print_yes_and_no_as_words(look: Open) -> None:
    words = {word.strip() for word in look("/datasets/shili-fees").words}
    assert {"是否涉企", "是", "否"} <= words
    assert not {"true", "false"} & words


def test_english_pages_count_yes_and_no_under_english_headings(look: Open) -> None:
    page = look("/datasets/shili-fees?lang=en&enterprise_related=true")
    words = {word.strip() for word in page.words}
    assert {"Charged on enterprises", "yes"} <= words
    assert not {"是", "否", "是否涉企"} & words


def test_comparing_days_leaves_the_last_two_releases_chosen(visit: Open) -> None:
    page = visit(f"{HOME}/compare?from=2015-06-01&to=2016-12-31")
    chosen = [at["value"] for tag, at in page.elements if tag == "option" and "selected" in at]
    assert chosen == ["3", "4"]


def test_a_reader_is_told_beforehand_of_a_file_that_takes_time(
    visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{HOME}/compare?from=2015-06-01&to=2016-12-31"
    assert "生成文件约需" not in visit(address).text
    monkeypatch.setattr(comparison, "_RECORDS_A_SECOND", 0.1)
    assert "生成文件约需" in visit(f"{address}&kind=removed").text


def test_what_is_no_longer_in_force_stands_apart_under_the_results(visit: Open) -> None:
    def text_of(page: Page) -> str:
        return page.text.replace(" ", "")

    page = visit("/search?q=费")
    grey = text_of(page).split("已移出清单或撤回公布的2项", 1)
    assert "价格鉴证业务收费" not in grey[0]
    assert "价格鉴证业务收费已移出清单" in grey[1]
    assert "药品注册费已撤回公布" in grey[1]
    only = visit(next(a for a in page.leading_to("status=removed") if "status=current" not in a))
    assert "2条结果" in text_of(only)
    assert "已移出清单或撤回公布的" not in text_of(only)
    assert "价格鉴证业务收费已移出清单" in text_of(only)
    every = visit(next(a for a in page.leading_to("status=removed") if "status=current" in a))
    assert "5条结果" in text_of(every)
    assert visit("/search?q=价格鉴证&as_of=2015-06-01").text.count("已移出清单") == 0


def test_a_label_is_not_shown_beside_a_notice_that_says_the_same(site: Site, visit: Open) -> None:
    for address in (HOME, f"{HOME}/records/{site.record('城镇垃圾处理费')}"):
        page = visit(address)
        assert "演示数据: 示例市并不存在。" in page.text
        assert not page.all("span", **{"class": "label"})
    assert visit(f"{HOME}?lang=en").all("span", **{"class": "label"}), "its notice is in Chinese"
    assert visit("/search?q=垃圾处理费").all("span", **{"class": "label"})


def test_a_comparison_that_names_the_later_state_keeps_it(visit: Open) -> None:
    assert "第3次发布 → 第4次发布" in visit(f"{HOME}/compare?to=4").text


@pytest.mark.slow
def test_a_pinned_list_is_sent_again_when_its_releases_become_more(tmp_path: Path) -> None:
    with four_releases(tmp_path) as site:
        before = site.client.get(f"{HOME}?release=1", headers=BROWSER)
        publish(site.log, FEES, [{"name": "城镇垃圾处理费"}], date(2017, 1, 1), "")
        headers = {**BROWSER, "if-none-match": before.headers["etag"]}
        after = site.client.get(f"{HOME}?release=1", headers=headers)
        assert after.status_code == 200
        assert "第5次发布" in Page(after).text


def test_the_files_of_a_corrected_search_are_those_of_what_was_meant(visit: Open) -> None:
    page = visit("/search?q=bdcdjf")
    assert page.leading_to("/search.csv?q=不动产登记费")
    assert not page.leading_to("/search.csv?q=bdcdjf")


def test_a_comparison_on_a_past_day_ends_on_it_and_with_what_was_known_then(visit: Open) -> None:
    assert "2015年6月1日 → 2015年7月1日" in visit(f"{HOME}/compare?from=2015-06-01&as_of=2015-07-01").text
    days = f"{HOME}/compare?from=2015-06-01&to=2016-01-10"
    assert "没有变化" not in visit(days).text
    before = visit(f"{days}&known_at=2016-01-20T00:00:00Z")
    assert "没有变化" in before.text
    assert visit(f"{HOME}/compare?from=2&to=4&known_at=2016-01-20T00:00:00Z").status == 200
