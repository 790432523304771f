"""Statements about commitments: what offices and inspections say, as records of a running list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import batched
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from publisher.log.commitments.rules import STATEMENTS, TaskKey, concerns_any, task_key, web_links
from publisher.log.database import tables as t
from publisher.log.database.tables import TITLE_LENGTH
from publisher.log.queries.point_in_time import Clocks
from publisher.log.queries.record_query import of_catalogue
from schemas.definition.catalogue import Content

_BATCH = 500
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_s, _v, _r, _d, _b = t.span.c, t.revision.c, t.record.c, t.dataset.c, t.release.c


class Statement(msgspec.Struct, frozen=True):
    """A published statement of an office or another judge about the progress of a commitment."""

    dataset: str
    record: str
    release: int
    """Number of the release that published it."""
    progress: str
    stated_on: date
    judge: str
    """The office that makes the statement."""
    role: str
    """Its role: 自报, 督查 or 第三方."""
    note: str
    evidence: tuple[tuple[str, str], ...]
    """Name and address of each."""
    content: Content

    def concerns(self, contents: Iterable[Content]) -> bool:
        """Test whether it is about a commitment that had one of these contents."""
        return concerns_any(self.content, contents)


def read_statements(
    conn: Connection, clocks: Clocks, titles: Sequence[str]
) -> Mapping[TaskKey, tuple[Statement, ...]]:
    """Read the statements in a view about commitments with these titles, newest first, by plan and task."""
    in_view = (
        select(_v.content, _r.id, _d.name, _b.number)
        .join_from(t.dataset, t.span, _s.dataset == _d.key)
        .join(t.revision, _v.key == _s.revision)
        .join(t.record, _r.key == _s.record)
        .join(t.release, _b.sequence == _s.brought)
        .where(of_catalogue(STATEMENTS), _s.status == "stated", clocks.in_view(_s), _v.content.is_not(None))
    )
    rows: list[Any] = []
    for some in batched(dict.fromkeys(title[:TITLE_LENGTH] for title in titles), _BATCH):
        rows += conn.execute(in_view.where(_s.title.in_(some))).all()
    statements: dict[TaskKey, list[Statement]] = defaultdict(list)
    for row in rows:
        content = _decode(row.content)
        statements[task_key(content)].append(_statement(row, content))
    return {task: newest_first(own) for task, own in statements.items()}


def newest_first(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    return tuple(sorted(statements, key=_newest, reverse=True))


def _newest(statement: Statement) -> tuple[date, int, str]:
    return statement.stated_on, statement.release, statement.record


def _statement(row: Any, content: Content) -> Statement:
    return Statement(
        dataset=row.name,
        record=row.id,
        release=row.number,
        progress=str(content["progress"]),
        stated_on=date.fromisoformat(str(content["stated_on"])),
        judge=str(content["judge"]),
        role=str(content["role"]),
        note=str(content.get("note", "")),
        evidence=web_links(content.get("evidence")),
        content=content,
    )


def newest_of_each(statements: Iterable[Statement]) -> list[Statement]:
    """Return the newest statement of each judge, of statements newest first."""
    newest: dict[str, Statement] = {}
    for one in statements:
        newest.setdefault(one.judge, one)
    return list(newest.values())
