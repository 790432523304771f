"""The index compared with the log: what is missing, left over or different is named, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import anyio
import pytest
from msgspec import structs

from publisher.indexing import index_checks, indexer
from publisher.indexing.span_to_document import build_document
from publisher.log.log import Log
from search.contract import Document, SearchEngine
from search.embedded.engine import EmbeddedEngine
from tests.publisher.indexing.test_indexer import log, release

__all__ = ["log"]


@pytest.fixture(params=["embedded", pytest.param("elasticsearch", marks=pytest.mark.server)])
def engine(request: pytest.FixtureRequest, tmp_path: Path, log: Log) -> Iterator[SearchEngine]:
    """Index of a site with one release of two records."""
    search_engine: SearchEngine
    if request.param == "embedded":
        search_engine = EmbeddedEngine(tmp_path / "index")
    else:
        search_engine = request.getfixturevalue("on_elasticsearch")
    release(log)
    anyio.run(indexer.index_outbox, log, search_engine)
    yield search_engine
    anyio.run(search_engine.close)


def named(log: Log, engine: SearchEngine) -> list[str]:
    return [str(problem) for problem in anyio.run(index_checks.check_index, log, engine)]


def first_document(log: Log) -> Document:
    span = min(log.queries.spans(), key=lambda span: span.sequence)
    document = build_document(span, log.datasets.get("shili"), log.queries.catalogue("shili"))
    assert document is not None
    return document


@pytest.mark.slow
def test_an_index_that_follows_from_the_log_has_no_problem(log: Log, engine: SearchEngine) -> None:
    assert named(log, engine) == []
    release(log, "事项名称,权力类型,行使主体\n丙项许可,行政许可,市统计局\n", day=date(2016, 1, 1))
    assert named(log, engine) == []  # what waits to be indexed is no problem
    anyio.run(indexer.index_outbox, log, engine)
    assert named(log, engine) == []


def test_a_document_that_differs_is_named_with_record_release_and_field(
    log: Log, engine: SearchEngine
) -> None:
    document = first_document(log)
    anyio.run(engine.index, [structs.replace(document, title="改", version=document.version + 1)])
    place = f"搜索索引 index: 记录 record {document.record}, 第1次发布 release shili/1"
    assert f"{place}: index.title: 现值 stored '改', 应为 rebuilt '{document.title}'" in named(log, engine)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (lambda engine, document: anyio.run(engine.erase, [document.span]), "索引中没有 not in the index"),
        (
            lambda engine, document: anyio.run(engine.index, [structs.replace(document, span="x.1.735599")]),
            "日志中没有 not in the log",
        ),
        (lambda engine, _: anyio.run(engine.mark, 99), "position: 现值 stored 99"),
    ],
)
def test_missing_and_left_over_documents_are_named(
    log: Log, engine: SearchEngine, damage: Callable[[SearchEngine, Document], object], name: str
) -> None:
    damage(engine, first_document(log))
    (problem,) = named(log, engine)
    assert name in problem


def test_a_byte_of_the_index_is_named(tmp_path: Path, log: Log) -> None:
    engine = EmbeddedEngine(tmp_path / "index")
    release(log)
    anyio.run(indexer.index_outbox, log, engine)
    (file,) = (tmp_path / "index").rglob("*.pos")
    content = bytearray(file.read_bytes())
    content[0] ^= 1
    file.write_bytes(content)
    (problem,) = named(log, engine)
    assert file.name in problem
    anyio.run(engine.close)
