"""Sites of each earlier schema revision, with data, work after the migration, on both databases.

``revisions/{revision}.json`` contains the rows of a site at that revision. A new migration comes with a file
of its own, which ``write`` (below) creates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, func, insert, select, update

import publisher.log.database
from publisher.log.database.connection import Database
from publisher.log.database.tables import HEAD, metadata, value
from publisher.log.database.tables import revision as revision_table
from publisher.log.database.verification_tables import verification_run
from publisher.log.log import Log
from publisher.log.model import RecordQuery, View
from tests.support.log import LATE, entry, put_workbook, rebuild_spans

FOLDER = Path(__file__).parent / "revisions"
CONFIG = Config()
CONFIG.set_main_option("script_location", str(Path(publisher.log.database.__path__[0]) / "migrations"))
REVISIONS = sorted(script.revision for script in ScriptDirectory.from_config(CONFIG).walk_revisions())


def now() -> datetime:
    return datetime(2021, 1, 1, tzinfo=UTC)


def write(url: str, file: Path) -> None:
    """Write the rows of all tables of a site to a file, for the current revision."""
    database = Database(url)
    with database.read() as conn:
        rows = {
            table.name: [[_encode(value) for value in row] for row in conn.execute(select(table)).all()]
            for table in metadata.sorted_tables
        }
    database.close()
    file.write_text(json.dumps(rows, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def _encode(value: Any) -> Any:
    return {"hex": bytes(value).hex()} if isinstance(value, bytes | memoryview) else value


def _decode(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def restore(url: str, revision: str) -> None:
    """Create the tables of an earlier revision and insert its rows, without today's code."""
    rows = json.loads((FOLDER / f"{revision}.json").read_text(encoding="utf-8"))
    database = Database(url)
    with database.write() as conn:
        config = Config()
        config.set_main_option("script_location", CONFIG.get_main_option("script_location") or "")
        config.attributes["connection"] = conn
        command.upgrade(config, revision)
        then = MetaData()
        for name, values in rows.items():
            table = Table(name, then, autoload_with=conn)
            names = [column.name for column in table.columns]
            if values:
                dicts = [dict(zip(names, map(_decode, row), strict=True)) for row in values]
                conn.execute(insert(table), dicts)
            if not database.sqlite:
                _set_sequence(conn, table)
    database.close()


def _set_sequence(conn: Connection, table: Table) -> None:
    """Set the sequence of keys, which PostgreSQL stores apart from the rows."""
    key = next(iter(table.primary_key.columns))
    counter = conn.scalar(select(func.pg_get_serial_sequence(f'"{table.name}"', key.name)))
    if counter is not None:
        conn.execute(select(func.setval(counter, select(func.max(key)).scalar_subquery())))


def test_every_revision_has_a_site_to_start_from() -> None:
    assert REVISIONS[-1] == HEAD
    assert sorted(file.stem for file in FOLDER.glob("*.json")) == REVISIONS


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'qingdan.db'}"
        return
    with request.getfixturevalue("postgresql_server").database(migrated=False) as address:
        yield address


def test_repealed_documents_are_found_by_name_also_if_published_before_0007(
    empty: str, tmp_path: Path
) -> None:
    restore(empty, "0006")
    database = Database(empty)
    content = json.dumps(
        {"ends": ["示政发〔2015〕1号", "《旧通知》", "长" * 400], "name": "甲"}, ensure_ascii=False
    )
    with database.write() as conn:
        key = conn.scalar(select(func.max(revision_table.c.key)))
        text = content.replace(", ", ",").replace(": ", ":")
        conn.execute(update(revision_table).where(revision_table.c.key == key).values(content=text))
    database.close()
    Log.open(empty, sources=tmp_path / "sources", clock=now).close()
    database = Database(empty)
    with database.read() as conn:
        query = select(value.c.text).where(value.c.field == "ends", value.c.revision == key)
        assert set(conn.scalars(query)) == {"示政发〔2015〕1号", "《旧通知》"}
    database.close()


@pytest.mark.slow
def test_what_a_verification_quoted_before_an_erasure_is_deleted_by_0024(empty: str, tmp_path: Path) -> None:
    restore(empty, "0023")
    database = Database(empty)
    words = "张三丰的身份证号"
    with database.write() as conn:
        own = {"listed": json.dumps([words], ensure_ascii=False), "error": words}
        conn.execute(insert(verification_run).values(id=1, began_at=0, ended_at=0, problems=1, **own))
    database.close()
    log = Log.open(empty, sources=tmp_path / "sources", clock=now)
    run = log.integrity.last_run()
    assert run is not None
    assert (run.problems, run.listed, run.ok) == (1, (), False)
    assert log.integrity.verify().problems == ()
    log.close()
    assert not any(words.encode() in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def databases_and_revisions() -> Iterator[Any]:
    """Every revision on SQLite. On PostgreSQL the first passes every migration; those between are soak."""
    for revision in REVISIONS:
        between = revision in REVISIONS[1:-2]
        yield pytest.param("sqlite", revision, marks=[pytest.mark.slow] if between else [])
        marks = [pytest.mark.server, *([pytest.mark.soak] if between else [])]
        yield pytest.param("postgresql", revision, marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize(("empty", "revision"), [*databases_and_revisions()], indirect=["empty"])
def test_a_site_of_an_earlier_revision_works_once_migrated(empty: str, tmp_path: Path, revision: str) -> None:
    restore(empty, revision)
    log = Log.open(empty, sources=tmp_path / "sources", clock=now)
    try:
        assert log.integrity.verify().problems == ()
        assert [r.number for r in log.queries.releases("fees")] == [1, 2, 3, 4, 5, 6]
        records = log.queries.records("fees", RecordQuery(view=View(release=1), limit=100)).records
        assert sorted(r.title for r in records) == ["丁", "乙", "甲"]
        present = log.queries.records("fees", RecordQuery(limit=100)).records
        assert {r.title: r.content["standard"] for r in present} == {"甲": "3", "丁丁": "1"}
        assert rebuild_spans(log) == 0
        source = put_workbook(log)
        log.drafts.stage("fees", [entry("新")], part="民政局", source=source, parser_version="test 2")
        release = log.releases.publish("fees", effective_on=LATE)
        assert release is not None
        assert log.integrity.verify().ok
    finally:
        log.close()
