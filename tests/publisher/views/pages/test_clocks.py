"""Pages of another day, instant or release: the way back to the present, and comparisons by their clocks."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from pathlib import Path

import pytest

from tests.publisher.views.pages.conftest import BROWSER, Open, Page
from tests.support.site import FEES, Site, four_releases, publish

HOME = f"/datasets/{FEES}"


def present_of(page: Page) -> str:
    """Address of the button in the note that the page does not show the present."""
    (note,) = re.findall(r'<aside class="day".*?</aside>', page.answer.text, re.DOTALL)
    return unescape(re.findall(r'href="([^"]*)"', note)[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "query"),
    [
        (HOME, "as_of=2016-01-05&limit=1&management=缴入地方国库&management=缴入中央和地方国库"),
        (HOME, "as_of=2016-01-05&limit=1&lang=en"),
        ("/changes", "as_of=2016-05-01&limit=1"),
        ("/search", "q=费&as_of=2016-05-01&limit=1"),
        ("/search", f"q=费&dataset={FEES}&release=2&limit=1"),
        (HOME, "release=2&limit=1"),
        (f"{HOME}/compare", "from=1&to=2&limit=1&as_of=2016-05-01"),
    ],
)
def test_every_page_of_a_past_list_leads_back_to_the_present(visit: Open, address: str, query: str) -> None:
    page = visit(f"{address}?{query}")
    (later,) = [at["href"] for at in page.all("a", rel="next")]
    assert later.partition("#")[0] != address
    now = visit(present_of(visit(later)))
    assert now.status == 200
    assert not now.all("aside", **{"class": "day"})
    assert now.all("html", lang="en") == page.all("html", lang="en")


def test_the_present_of_a_pinned_page_is_not_the_past_day_of_its_reader(site: Site, visit: Open) -> None:
    record = f"{HOME}/records/{site.record('城镇垃圾处理费')}"
    for address in (HOME, record):
        assert present_of(visit(f"{address}?release=1&as_of=2016-05-01&lang=en")) == f"{address}?lang=en"


def test_a_pinned_record_is_that_of_its_release_whatever_its_reader_knows(site: Site, visit: Open) -> None:
    """The timeline ended before the release that the page shows."""
    pinned = f"{HOME}/records/{site.record('城镇垃圾处理费')}?release=2"
    events = [
        re.findall(r'<li class="event[^>]*>', visit(f"{pinned}{known}").answer.text)
        for known in ("", "&known_at=2016-01-10T00:00:00Z")
    ]
    assert events[0] == events[1] != []


def test_the_metadata_of_a_past_list_end_on_its_day(visit: Open) -> None:
    for query, day in (
        ("release=1&as_of=2016-05-01", "2015-01-01"),
        ("as_of=2016-05-01", "2016-05-01"),
        ("known_at=2016-02-10T00:00:00Z", "2016-02-10"),
        ("limit=20", ".."),
    ):
        assert f'"temporalCoverage":"2015-01-01/{day}"' in visit(f"{HOME}?{query}").answer.text


def test_a_search_in_a_release_says_that_it_is_pinned(visit: Open) -> None:
    assert "固定版本" in visit(f"/search?q=费&dataset={FEES}&release=1").text
    assert "固定版本" not in visit(f"/search?q=费&dataset={FEES}").text


def test_a_comparison_as_of_an_instant_ends_on_its_day(visit: Open) -> None:
    page = visit(f"{HOME}/compare?from=2015-06-01&known_at=2016-02-10T00:00:00Z")
    assert "2015年6月1日 → 2016年2月10日" in page.text
    (file,) = page.leading_to("/compare.xlsx")
    assert "to=2016-02-10" in file
    assert "known_at=" in file


def test_a_release_is_not_compared_with_a_day_as_it_is_known_later_than_the_page_says(visit: Open) -> None:
    """The page said that it shows what was published by then, with what was published since."""
    page = visit(f"{HOME}/compare?from=1&to=2016-02-10&known_at=2016-01-20T00:00:00Z")
    assert page.status == 422
    assert "只能与两个日期同用" in page.text


def test_a_compared_release_is_chosen_also_before_its_day(tmp_path: Path) -> None:
    with four_releases(tmp_path) as site:
        publish(site.log, FEES, [{"name": "城镇垃圾处理费"}], date(2030, 1, 1), "")
        for query, numbers in (("?from=4&to=5", ["4", "5"]), ("", ["3", "4"])):
            page = Page(site.client.get(f"{HOME}/compare{query}", headers=BROWSER))
            chosen = [at["value"] for tag, at in page.elements if tag == "option" and "selected" in at]
            assert chosen == numbers
