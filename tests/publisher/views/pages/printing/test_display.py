"""How pages show things: display by parameter, one date box, facts with their past, hierarchy, blanks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.publisher.views.pages.conftest import BROWSER, Open
from tests.support.site import FEES, four_releases

HOME = f"/datasets/{FEES}"
FEES_OF_CITY, POWERS_OF_CITY = "/datasets/shili-fees", "/datasets/shili-power-list"


@pytest.mark.parametrize("display", ["large", "contrast"])
def test_a_display_is_a_parameter_that_links_keep_and_the_canonical_address_lacks(
    visit: Open, display: str
) -> None:
    page = visit(f"{HOME}?display={display}&lang=en")
    assert f'class="{display}"' in page.answer.text.partition(">")[2].partition(">")[0]
    assert "set-cookie" not in page.answer.headers
    records = page.leading_to(f"{HOME}/records/")
    assert records
    assert all(f"display={display}" in link and "lang=en" in link for link in records)
    (canonical,) = [at["href"] for tag, at in page.elements if tag == "link" and at.get("rel") == "canonical"]
    assert "display" not in canonical
    assert visit(f"{HOME}?display=tiny").status == 422


def test_a_day_to_come_is_not_called_past(visit: Open) -> None:
    page = visit(f"{HOME}?as_of=2999-01-01")
    assert "尚未生效" in page.text
    assert "历史日期" not in page.text
    assert "历史日期" in visit(f"{HOME}?as_of=2016-01-01").text


@pytest.mark.parametrize("address", ["/search", "/search?q=" + quote("收费")])
def test_search_has_one_date_box(visit: Open, address: str) -> None:
    page = visit(address)
    assert len([at for tag, at in page.elements if tag == "input" and at.get("type") == "date"]) == 1


def test_a_comparison_says_in_its_title_what_changed_and_by_how_much(look: Open) -> None:
    page = look(f"{FEES_OF_CITY}/compare?from=1&to=2")
    assert "第1次发布 → 第2次发布：新增1" in page.answer.text.partition("</title>")[0]
    assert "<del>0.85元/立方米</del>" in page.answer.text
    assert "+0.10，+11.8 %" in page.text


def test_a_price_says_since_when_and_what_it_was_and_is_drawn_as_steps(look: Open) -> None:
    search = look("/search?q=" + quote("居民生活污水处理费"))
    record = look(search.leading_to(f"{FEES_OF_CITY}/records/")[0])
    assert "2025年7月1日起，原0.95元/立方米" in record.text
    assert "数额变化" in record.text
    past = look(search.leading_to(f"{FEES_OF_CITY}/records/")[0] + "?release=1")
    assert "数额变化" not in past.text


def test_what_people_expect_and_the_source_leaves_blank_is_said_to_be_unpublished(look: Open) -> None:
    listed = look("/datasets/national-fees-2009")
    assert "收费标准 未公布" in look(listed.leading_to("/datasets/national-fees-2009/records/")[0]).text
    powers = look(f"{POWERS_OF_CITY}?power_type=" + quote("行政处罚"))
    assert "未公布" not in look(powers.leading_to(f"{POWERS_OF_CITY}/records/")[0]).text


def test_a_table_shows_the_item_above_and_the_part_of_an_item(look: Open) -> None:
    assert "污水处理费居民生活污水处理费" in look(FEES_OF_CITY).text.replace(" ", "")
    powers = look(f"{POWERS_OF_CITY}?part=" + quote("人力资源和社会保障局"))
    assert "中外合作职业技能培训机构设立审批" in powers.text


def test_a_list_begins_with_its_records(look: Open) -> None:
    html = look(FEES_OF_CITY).answer.text
    assert html.index('id="records"') < html.index('id="about"')


@pytest.mark.slow
def test_a_cached_page_of_a_coming_day_is_renewed_when_the_day_has_come(tmp_path: Path) -> None:
    with four_releases(tmp_path) as site:
        record = site.record("城镇垃圾处理费")
        for path in (HOME, f"{HOME}/records/{record}", f"{HOME}/releases/1", "/changes", "/verify"):
            day = site.clock.now.date() + timedelta(days=2)
            address = f"{path}?as_of={day}"
            before = site.client.get(address, headers=BROWSER)
            assert "<strong>尚未生效</strong>" in before.text, path
            site.clock.advance(days=2)
            for name, value in (("if-none-match", "etag"), ("if-modified-since", "last-modified")):
                after = site.client.get(address, headers={**BROWSER, name: before.headers[value]})
                assert (after.status_code, "<strong>尚未生效</strong>" in after.text) == (200, False), path
