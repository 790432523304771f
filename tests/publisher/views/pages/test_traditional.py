"""Traditional characters: 200 places that were labelled by hand, and the characters that go wrong most."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.views.pages.printing.traditional_chinese import convert_page, convert_text
from tests.support import shared_data

PLACES = Path(__file__).with_name("traditional_places.tsv").read_text(encoding="utf-8").splitlines()
HAIR = ("理发", "美发", "染发", "烫发", "育发", "毛发", "头发", "脱发", "银发", "发菜")
"""What 髮 stands for in all statutes, read by hand."""
TRUNK = (
    *("干部", "干线", "干流", "干道", "干渠", "干路", "干细胞", "干事", "干管", "干支", "干群", "干休"),
    *("骨干", "主干", "基干", "精干", "树干", "枝干", "躯干", "招干", "专干", "聘干", "断干", "老干"),
    *("干私活", "干、支"),
)
"""What 幹 stands for there."""


def test_labelled_places_are_converted() -> None:
    pairs = [line.split("\t") for line in PLACES]
    assert len(pairs) >= 200
    wrong = [(text, convert_text(text), right) for text, right in pairs if convert_text(text) != right]
    assert len(wrong) <= len(pairs) // 100, wrong


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("申请换发或者补发许可证", "申請換發或者補發許可證"),
        ("若干部门", "若干部門"),
        ("政府干预", "政府干預"),
        ("标签和签名", "標籤和簽名"),
        ("佛山市南海区里水镇", "佛山市南海區里水鎮"),
    ],
)
def test_the_known_traps(text: str, right: str) -> None:
    assert convert_text(text) == right


def test_marked_up_text_is_converted_and_addresses_are_not() -> None:
    page = '<p><a href="/search?q=发布" title="发布">换发</a> <code translate="no">发布</code></p>'
    assert convert_page(page) == (
        '<p><a href="/search?q=发布" title="發布">換發</a> <code translate="no">发布</code></p>'
    )


def articles() -> Iterator[str]:
    with gzip.open(shared_data.require("laws", "articles.jsonl.gz"), "rt", encoding="utf-8") as file:
        for line in file:
            text: str = json.loads(line)["text"]
            if "发" in text or "干" in text or "里" in text:
                yield text


@pytest.mark.soak
@pytest.mark.shared
def test_no_article_of_law_has_a_wrong_hair_trunk_or_lining() -> None:
    wrong = []
    for text in articles():
        converted = convert_text(text)
        assert len(converted) == len(text)
        for place, character in enumerate(converted):
            if character not in "髮幹裏裡":
                continue
            around = text[max(0, place - 1) : place + 4]
            words = {"髮": HAIR, "幹": TRUNK}.get(character, ("哪里",))
            if not any(word in around for word in words):
                wrong.append((character, text[max(0, place - 5) : place + 6]))
    assert wrong == []
