"""Five thousand hostile strings in a real browser: nothing runs, and the layout stays in order.

Each is on a record's page, and in the soak test also in a list and in a query that a page shows. The browser
reports what it would run or fetch on the console or as a request, and the visit fails; a dialog is a fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser

from tests.publisher.views.pages.hostile import BUNDLE, NUMBER, site, strings
from tests.system.browser.served import free_address, served
from tests.system.browser.visitor import Means, Visitor, visiting

pytestmark = pytest.mark.program

WIDTHS = (1280, 360)
MEANS = Means(keyboard=False, scripts=True, width=1280)
FRACTIONS = pytest.mark.parametrize(
    "every", [pytest.param(10, id="a tenth"), pytest.param(1, id="all", marks=pytest.mark.soak)]
)
_LONGEST_QUERY = 7_500
"""Bytes of a query; a little less than the service accepts."""

_LOOK = """() => {
  const odd = /[\\u200e\\u200f\\u061c\\u202a-\\u202e\\u2066-\\u2069\\u0590-\\u08ff]/;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [], aside = [], piece = "a.cite, mark, ins, del";  // of one text, which may turn itself
  const rects = node => { const range = document.createRange(); range.selectNode(node);
    return [...range.getClientRects()].filter(r => r.width > 0); };
  for (let node; (node = walk.nextNode());) {
    if (!odd.test(node.data) || node.parentElement.closest(".unseen, option, script")) continue;
    texts.push(node.data);
    for (let here = node; here !== document.body; here = here.parentNode) {
      if (here.matches?.(piece)) break;
      let next = here.nextSibling;
      if (next?.matches?.(piece)) next = null;
      const mine = rects(here), theirs = next ? rects(next) : [];
      if (mine.length && theirs.length) {
        const last = mine.at(-1), first = theirs[0];
        const line = Math.min(last.bottom, first.bottom) - Math.max(last.top, first.top);
        const same = line > 0.6 * Math.min(last.height, first.height);
        if (same && first.left < last.right - 1) aside.push(next.textContent.slice(0, 80));
      }
      if (getComputedStyle(here.parentElement).display !== "inline") break;
    }
  }
  return {over: document.documentElement.scrollWidth - innerWidth, texts, aside};
}"""
"""Pixels by which the page is too wide, texts with a character that changes the direction of writing, and
elements that follow such a text on a line but are not to its right."""


@pytest.fixture(scope="module")
def hostile_base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("hostile")
    base = free_address()

    def build_site() -> None:  # in another thread, because the browser's event loop runs in this one
        with site(home, base):
            pass

    with ThreadPoolExecutor(1) as pool:
        pool.submit(build_site).result()
    with served(home, base.rpartition(":")[2]):
        yield base


_OURS = re.compile("次发布|生效|没有找到|依据|公布|撤回|更正|移出|搜索|结果")
"""Words of the templates that no hostile string contains."""


def check(visitor: Visitor, address: str, width: int) -> None:
    """Assert that one page is in order."""
    visitor.page.set_viewport_size({"width": width, "height": 800})
    visitor.page.goto(visitor.base + address, wait_until="domcontentloaded")
    report = visitor.page.evaluate(_LOOK)
    assert visitor.faults == [], address
    assert report["over"] <= 0, (address, width, report["over"])
    assert report["aside"] == [], (address, report["aside"])
    mixed = [text for text in report["texts"] if _OURS.search(text)]
    assert mixed == [], (address, mixed[:3])


@FRACTIONS
def test_lists_of_hostile_records_stay_in_order(browser: Browser, hostile_base: str, every: int) -> None:
    with visiting(browser, hostile_base, MEANS) as visitor:
        widths = cycle(WIDTHS)
        address, count, limit = "/datasets/fees?fields=department&limit=250", 0, (NUMBER + 1) // every
        while address and count < limit:
            check(visitor, address, next(widths))
            count += visitor.page.locator("table.records tbody tr").count()
            following = visitor.page.locator("a[rel=next]")
            address = (following.get_attribute("href") or "") if following.count() else ""
        assert count == limit


def test_pages_of_hostile_records_stay_in_order(browser: Browser, hostile_base: str) -> None:
    with urlopen(f"{hostile_base}/v1/datasets/bundles/records?limit=1000&fields=name") as answer:  # noqa: S310 - ours
        ids = [record["id"] for record in json.load(answer)["records"]]
    assert len(ids) == NUMBER // BUNDLE + 1
    with visiting(browser, hostile_base, MEANS) as visitor:
        for identifier, width in zip(ids, cycle(WIDTHS), strict=False):
            check(visitor, f"/datasets/bundles/records/{identifier}", width)


def queries() -> Iterator[str]:
    """Searches that contain all of the strings, as text or as filters.

    Characters for which a query is refused are left out; the tests of pages send these too.
    """
    waiting: list[tuple[str, str]] = []
    for text in map(_accepted, strings()):
        pair = ("body", text)
        if waiting and len(urlencode([*waiting, pair])) > _LONGEST_QUERY:
            yield urlencode(waiting)
            waiting = []
        waiting.append(pair if waiting else ("q", text))
    yield urlencode(waiting)


def _accepted(text: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", "", text)[:400]


@pytest.mark.parametrize(
    "every", [pytest.param(25, id="one in 25"), pytest.param(1, id="all", marks=pytest.mark.soak)]
)
def test_hostile_queries_are_shown_as_what_they_are(browser: Browser, hostile_base: str, every: int) -> None:
    addresses = list(queries())
    with visiting(browser, hostile_base, MEANS) as visitor:
        for query, width in zip(addresses[::every], cycle(WIDTHS), strict=False):
            check(visitor, f"/search?limit=3&{query}", width)
            assert visitor.page.locator(".chips li").count() == query.count("body=")
