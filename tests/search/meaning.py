"""Documents and questions for tests of search by meaning."""

from __future__ import annotations

from collections.abc import Iterable

from search.contract import Document, SearchEngine
from tests.search.documents import call, document, index, search

LISTS = [
    document("old-age", "高龄津贴", "八十周岁以上老年人发放高龄津贴", body="民政局"),
    document("money", "押运货币的车辆", "押运货币的车辆应当安装卫星定位装置。", body="公安局"),
    document("food", "食品经营许可", "从事餐饮服务应当取得食品经营许可。", body="市场监管局"),
]
QUESTION = "老人补贴"
"""Shares no word with any of them."""


def encode(engine: SearchEngine) -> None:
    while call(engine.encode, 2):
        pass


def fill(engine: SearchEngine, documents: Iterable[Document]) -> None:
    index(engine, documents)
    encode(engine)


def similar(engine: SearchEngine, text: str, **options: object) -> list[str]:
    page = search(engine, text, **{"similar": 10, **options})
    assert page.similar is not None
    return [hit.span for hit in page.similar.hits]


def encoded_documents(engine: SearchEngine) -> int:
    encoded = call(engine.encoding_progress)
    assert encoded is not None
    return encoded.documents
