"""The nearest of several documents that a page may repeat."""

from __future__ import annotations

import msgspec

from publisher.harvest.near_duplicates import create_sketch, find_nearest
from publisher.log.evidence.harvested_pages import Page, ParsedPage
from tests.publisher.harvest.conftest import Collector

WORDS = tuple(f"第{n}条　主管部门应当在{n * 7}日内办理第{n * 13}类登记。" for n in range(60))
TITLE = "办理登记的通知"


def waiting(key: int, text: str) -> tuple[Page, ParsedPage]:
    stated = {
        "key": key,
        "source_site": f"site-{key}",
        "url": f"https://{key}.example.gov.cn/",
        "role": "document",
    }
    defaults = {"title": TITLE, "parser_version": "1", "erased": False, "failures": 0, "is_document": True}
    names = (field.name for field in msgspec.structs.fields(Page))
    page = msgspec.convert({**dict.fromkeys(names), **defaults, **stated}, Page)
    return page, ParsedPage(key, "", "1", title_key=TITLE, sketch=create_sketch(text))


def test_of_several_like_documents_the_nearest_is_named(collector: Collector) -> None:
    log = collector.log()
    texts = ("".join(WORDS[:56]), "".join(WORDS[:59]), "".join(WORDS[3:57]))
    others = [waiting(number, text) for number, text in enumerate(texts, 1)]
    _, parsed = waiting(9, "".join(WORDS))
    nearest = find_nearest(parsed, "site-9", log, others)
    log.close()
    assert nearest is not None
    assert (nearest.page.key, nearest.same) == (2, True)
