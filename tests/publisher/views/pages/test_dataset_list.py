"""The list of a dataset: its own order, and pages by their numbers."""

from __future__ import annotations

import re
from html import unescape

import pytest

from publisher.views.pages import dataset
from tests.publisher.views.pages.conftest import Open
from tests.support.site import FEES

HOME = "/datasets/shili-power-list"


def titles(text: str) -> list[str]:
    table = re.search(r'<table class="records">.*?</table>', text, re.DOTALL)
    assert table is not None
    return re.findall(r'<th scope="row">.*?<a href="[^"]*">([^<]*)</a>', table[0])


def pager(text: str) -> dict[str, str | None]:
    """Number → address of each page that is linked, and None for the page itself."""
    block = re.search(r'<nav class="pager".*?</nav>', text, re.DOTALL)
    assert block is not None
    cells = re.findall(r'<(?:a href="([^"]*)"|strong[^>]*)><span class="unseen">[^<]*</span>(\d+)<', block[0])
    return {number: unescape(address).partition("#")[0] or None for address, number in cells}


def test_a_list_keeps_the_order_of_its_files_and_groups_stay_together(look: Open) -> None:
    text = look("/datasets/shili-fees").answer.text
    shown = titles(text)
    assert shown[:4] == ["住宅类不动产登记", "非住宅类不动产登记", "居民生活污水处理费", "非居民污水处理费"]
    assert '?sort=listed#records" aria-current="true"' in text
    by_name = titles(look("/datasets/shili-fees?sort=name").answer.text)
    assert by_name == sorted(by_name)
    assert by_name != shown


def test_pages_are_linked_by_number_and_hold_every_record_once(look: Open) -> None:
    text = look(f"{HOME}?limit=100").answer.text
    shown = titles(text)
    for number in ("2", "3", "4"):
        address = pager(text)[number]
        assert address is not None
        text = look(address).answer.text
        assert [n for n, a in pager(text).items() if a is None] == [number]
        shown += titles(text)
    total = re.search(r'id="records">[^<]*<span class="count">([\d,]+)', text)
    assert total is not None
    assert len(shown) == int(total[1].replace(",", ""))


def test_the_next_page_is_that_of_its_number_and_the_first_has_no_cursor(look: Open) -> None:
    first = look(f"{HOME}?limit=50").answer.text
    second = look(pager(first)["2"] or "").answer.text
    following = re.search(r'rel="next" href="([^"#]*)', first)
    assert following is not None
    assert titles(look(unescape(following[1])).answer.text) == titles(second)
    assert pager(second)["1"] == f"{HOME}?limit=50&sort=listed"


def test_few_pages_are_linked_and_none_that_takes_long_to_find(
    look: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = look(f"{HOME}?limit=10&sort=-name").answer.text
    assert list(pager(text))[:3] == ["1", "2", "3"]
    assert len(pager(text)) == 4  # and the last
    monkeypatch.setattr(dataset, "_FARTHEST", 100)
    text = look(f"{HOME}?limit=10&sort=name").answer.text
    assert list(pager(text)) == ["1", "2", "3"]


def test_a_long_list_is_in_the_order_by_name(look: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "_LONGEST_IN_OWN_ORDER", 3)
    shown = titles(look(f"{HOME}?limit=30").answer.text)
    assert shown == sorted(shown)
    assert titles(look(f"{HOME}?limit=30&sort=listed").answer.text) != shown


@pytest.mark.parametrize(
    ("query", "day", "basis"),
    [
        ("", "2015年12月1日", "示财〔2015〕2号"),
        ("?release=4", "2015年12月1日", "示财〔2015〕2号"),
        ("?release=1", "2015年1月1日", "示财〔2015〕1号"),
        ("?as_of=2015-06-01", "2015年1月1日", "示财〔2015〕1号"),
    ],
)
def test_a_list_names_the_day_and_the_basis_of_what_it_shows(
    visit: Open, query: str, day: str, basis: str
) -> None:
    """A correction and a withdrawal, the newest releases, have neither."""
    head = visit(f"/datasets/{FEES}{query}").text.partition("历次发布")[0]
    assert f"示例市人民政府 自 {day} 起 依据 {basis}" in head
    if not query:
        assert f"现行内容自 {day} 起" in visit("/").text
        assert f"依据 {basis}" in visit("/").text
