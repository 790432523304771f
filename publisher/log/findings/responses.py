"""Responses to findings: answers and dismissals, which are records of lists of the kind ``responses``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import batched
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, func, select

from publisher.log.database import tables as t
from publisher.log.queries.point_in_time import Clocks
from schemas.definition.catalogue import Content
from schemas.words import ANSWERS, DISMISSED

CATALOGUE = "responses"
type Handling = Literal["unanswered", "answered", "dismissed"]
"""``dismissed`` only as long as the finding cites the revisions that it cited when it was dismissed."""
UNRESOLVED: tuple[Handling, ...] = ("unanswered", "answered")

_BATCH = 500
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_s, _v, _r, _d, _values = t.span.c, t.revision.c, t.record.c, t.dataset.c, t.value.c


class Response(msgspec.Struct, frozen=True):
    """A response of an office to a finding, as published."""

    dataset: str
    record: str
    release: int
    """Number of the release that published it."""
    kind: str
    text: str
    basis: tuple[str, ...]
    mended_by: str
    """``dataset/number``, or empty."""
    respondent: str
    responded_on: date
    cited: frozenset[str]
    """Hashes of the revisions that the finding cited."""


def read_responses(
    conn: Connection, findings: Iterable[str], clocks: Clocks
) -> Mapping[str, tuple[Response, ...]]:
    """Read the responses to some findings in a view, oldest first."""
    responses: dict[str, list[Response]] = {}
    lists = read_lists(conn)
    for batch in batched(findings if lists else (), _BATCH):
        rows = _in_view(lists, clocks, _values.text.in_(batch))
        for row in conn.execute(rows).all():
            responses.setdefault(row.text, []).append(_response(row, _decode(row.content)))
    return {finding: tuple(sorted(own, key=_by_day)) for finding, own in responses.items()}


def select_times(lists: Sequence[int], clocks: Clocks) -> Subquery | None:
    """Select each ``finding`` that has responses in a view, with ``published_at`` of the newest.

    None without lists. ``lists``: of :func:`read_lists`.
    """
    if not lists:
        return None
    newest = func.max(t.release.c.published_at).label("published_at")
    rows = _in_view(lists, clocks).with_only_columns(_values.text.label("finding"), newest)
    return rows.group_by(_values.text).subquery()


def read_lists(conn: Connection) -> Sequence[int]:
    """Read the keys of the site's lists of responses; without one nothing needs to be looked for."""
    return conn.scalars(select(_d.key).where(_d.catalogue == CATALOGUE)).all()


def select_answered(lists: Sequence[int], clocks: Clocks) -> Select[Any]:
    """Select the ids of findings that have an answer in a view. ``lists``: of :func:`read_lists`."""
    kinds = t.value.alias("kind")
    answers = and_(kinds.c.revision == _s.revision, kinds.c.field == "kind", kinds.c.text.in_(ANSWERS))
    return _in_view(lists, clocks).with_only_columns(_values.text).join(kinds, answers)


def find_dismissed(
    conn: Connection,
    lists: Sequence[int],
    clocks: Clocks,
    read_cites: Callable[[Sequence[str]], Mapping[str, str]],
) -> list[str]:
    """List the ids of the findings whose dismissal in a view cites the revisions that the finding cites.

    ``read_cites``: some ids → id → what the finding cites, or cited last if it has ended, as JSON.
    """
    kinds = t.value.alias("kind")
    is_dismissal = and_(kinds.c.revision == _s.revision, kinds.c.field == "kind", kinds.c.text == DISMISSED)
    rows = conn.execute(_in_view(lists, clocks).join(kinds, is_dismissal)).all()
    cited: dict[str, list[frozenset[str]]] = {}
    for row in rows:
        cited.setdefault(row.text, []).append(_cited(_decode(row.content)))
    return [finding for finding, own in _read_cited(conn, cited, read_cites) if own in cited[finding]]


def handling(responses: Sequence[Response], cited: frozenset[str]) -> Handling:
    """Return how a finding that cites these revisions was handled."""
    if any(one.kind == DISMISSED and one.cited == cited for one in responses):
        return "dismissed"
    return "answered" if any(one.kind in ANSWERS for one in responses) else "unanswered"


def _in_view(lists: Sequence[int], clocks: Clocks, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Select the responses in a view; ``text`` is the finding. It starts from the values of the lists."""
    return (
        select(_values.text, _v.content, _r.id, _d.name, t.release.c.number)
        .join_from(t.value, t.span, _s.revision == _values.revision)
        .join(t.dataset, _d.key == _values.dataset)
        .join(t.revision, _v.key == _s.revision)
        .join(t.record, _r.key == _s.record)
        .join(t.release, t.release.c.sequence == _s.brought)
        .where(_values.dataset.in_(lists), _values.field == "finding", _s.status == "stated")
        .where(clocks.in_view(_s), *conditions)
        .where(_v.content.is_not(None))
    )


def _response(row: Any, content: Content) -> Response:
    basis = content.get("basis")
    return Response(
        dataset=row.name,
        record=row.id,
        release=row.number,
        kind=str(content["kind"]),
        text=str(content["text"]),
        basis=tuple(map(str, basis)) if isinstance(basis, list) else (),
        mended_by=str(content.get("mended_by", "")),
        respondent=str(content["respondent"]),
        responded_on=date.fromisoformat(str(content["responded_on"])),
        cited=_cited(content),
    )


def _by_day(response: Response) -> tuple[date, int, str]:
    return response.responded_on, response.release, response.record


def _cited(content: Content) -> frozenset[str]:
    return frozenset(str(content.get("cited", "")).split())


def _read_cited(
    conn: Connection, findings: Iterable[str], read_cites: Callable[[Sequence[str]], Mapping[str, str]]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the hashes of the revisions that each finding cites."""
    for batch in batched(findings, _BATCH):
        cites = read_cites(batch)
        keys = {id_: {cite[1] for cite in msgspec.json.decode(own)} for id_, own in cites.items()}
        hashes = read_hashes(conn, {key for own in keys.values() for key in own})
        for finding, own in keys.items():
            yield finding, frozenset(hashes[key] for key in own if key in hashes)


def read_hashes(conn: Connection, keys: set[int]) -> Mapping[int, str]:
    hashes: dict[int, str] = {}
    for batch in batched(sorted(keys), _BATCH):
        rows = conn.execute(select(_v.key, _v.hash).where(_v.key.in_(batch))).all()
        hashes.update({row.key: row.hash for row in rows})
    return hashes
