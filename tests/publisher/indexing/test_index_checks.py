"""The index compared with the log: what is missing, left over or different is named, on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import anyio
import pytest
from msgspec import structs
from sqlalchemy import text

from publisher.indexing import index_checks, indexer
from publisher.indexing.span_to_document import build_document
from publisher.log.log import Log
from publisher.log.model import DraftEntry, RecordQuery
from publisher.log.releases import release_writer, span_rebuild
from schemas.definition.file_loader import load_catalogue, parse_catalogue
from search.contract import Document, Request, SearchEngine
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


def publish_with_facet(log: Log) -> None:
    """Publish the same records, and one more, by a catalogue by which readers filter by the name."""
    file = json.loads(load_catalogue("power-list").source)
    (own,) = (field for field in file["fields"] if field["name"] == "name")
    own["qingdan"]["facet"] = True
    contents = [record.content for record in log.queries.records("shili", RecordQuery()).records]
    entries = [DraftEntry(content=content) for content in (*contents, {**contents[0], "name": "丙项许可"})]
    catalogue = parse_catalogue(json.dumps(file, ensure_ascii=False))
    source = log.evidence.put_source(b"x", name="x.csv", media_type="text/csv")
    log.drafts.stage("shili", entries, part=None, source=source, parser_version="1", catalogue=catalogue)
    published = log.releases.publish("shili", effective_on=date(2016, 1, 1))
    assert published is not None
    assert published.counts["added"] == 1


def count_named(engine: SearchEngine, *names: str) -> int:
    request = Request(text="", as_of=date(2016, 1, 1).toordinal(), filters={"name": names})
    return anyio.run(engine.search, request).total


def test_unchanged_records_are_found_by_what_a_later_catalogue_makes_a_facet(
    log: Log, engine: SearchEngine
) -> None:
    publish_with_facet(log)
    anyio.run(indexer.index_outbox, log, engine)
    assert count_named(engine, "甲项许可", "丙项许可") == 2
    assert named(log, engine) == []
    assert log.integrity.verify().problems == ()
    with log._session.write() as conn:
        assert span_rebuild.rebuild_spans(log._session.database, conn, log._session.clock()) == 0


@pytest.mark.slow
def test_records_that_were_indexed_by_an_earlier_catalogue_are_named_and_indexed_again_by_0026(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = EmbeddedEngine(tmp_path / "index")
    release(log)
    anyio.run(indexer.index_outbox, log, engine)
    with monkeypatch.context() as patch:  # as an earlier version published
        patch.setattr(release_writer, "renumber_spans", lambda *_, last, **__: last)
        publish_with_facet(log)
    anyio.run(indexer.index_outbox, log, engine)
    assert count_named(engine, "甲项许可", "丙项许可") == 1
    assert sum("index.facets" in problem for problem in named(log, engine)) == 2
    with log._session.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '0025'"))
    log.close()
    migrated = Log.open(f"sqlite:///{tmp_path / 'qingdan.db'}", sources=tmp_path / "sources")
    assert migrated.integrity.verify().problems == ()
    anyio.run(indexer.index_outbox, migrated, engine)
    assert count_named(engine, "甲项许可", "丙项许可") == 2
    assert named(migrated, engine) == []
    migrated.close()
    anyio.run(engine.close)


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
