"""Requests to compare two states of a dataset, for the API and the pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs

from publisher.log.model import View
from publisher.log.queries.comparison import DIFFERENCE_KINDS, Difference, DifferenceKind, Totals
from publisher.views.api import requested_view
from publisher.views.comparison.likely_renames import MAX_COMPARED, LikelyRename, likely_renames
from publisher.web import page_cursor, query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.problems import Fault
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.service import Service

NAMES = frozenset({"from", "to", "known_at", "as_of", "release"})
FILTERS: Mapping[str, Any] = {"kind": "string", "part": "string"}
GRAMMAR = Grammar(names=NAMES | {"limit", "cursor"}, filters=FILTERS)


class Sides(msgspec.Struct, frozen=True):
    """The two requested states, and filters on their differences."""

    before: View
    after: View
    kinds: tuple[DifferenceKind, ...]
    parts: tuple[str, ...]

    def differences(self, service: Service, name: str, **page: int) -> Iterator[Difference]:
        return service.log.queries.differences(
            name, self.before, self.after, kinds=self.kinds, parts=self.parts, **page
        )


class ComparedPage(msgspec.Struct, frozen=True):
    """A page of differences. Both states are the same for all pages of a query."""

    before: View
    after: View
    totals: Totals
    differences: tuple[Difference, ...]
    likely_renames: Sequence[LikelyRename]
    next_cursor: str | None
    """Cursor of the next page."""


class Comparison(msgspec.Struct, frozen=True):
    """A validated request, whose pages can be fetched."""

    name: str
    params: Parameters
    sides: Sides
    query_digest: str
    cursor: page_cursor.Cursor | None
    validity: Validity

    def fetch_page(self, service: Service) -> ComparedPage:
        name, params, cursor = self.name, self.params, self.cursor
        sequence, today = service.log.queries.validator(name)
        day = (cursor.as_of if cursor else None) or today
        known_at = cursor.known_at if cursor else service.dataset_changed_at(name, sequence)
        before, after = _pin_known_at(self.sides.before, known_at), _pin_known_at(self.sides.after, known_at)
        if params.end is None:
            after = structs.replace(after, as_of=day)
        sides = structs.replace(self.sides, before=before, after=after)
        past = int(cursor.after[0] or 0) if cursor and cursor.after else 0
        rows = list(sides.differences(service, name, past=past, limit=params.limit + 1))
        page, next_cursor = rows[: params.limit], None
        if len(rows) > params.limit:
            next_cursor = service.cursors.encode(
                page_cursor.Cursor(self.query_digest, (page[-1].key,), as_of=day, known_at=known_at)
            )
        totals = service.log.queries.totals(name, before, after)
        guesses = () if cursor else _guess_renames(service, name, sides, totals)
        return ComparedPage(before, after, totals, tuple(page), guesses, next_cursor)


def make_comparison(service: Service, name: str, params: Parameters) -> Comparison:
    """Make a comparison. ``params``: parsed by :data:`GRAMMAR`.

    Raises ``no-such-dataset``, ``no-such-release``, ``invalid-parameters``, ``invalid-cursor``.
    """
    sides = parse_sides(service, params)
    query_digest, cursor = requested_view.begin_list(service, params, "compare", name)
    return Comparison(name, params, sides, query_digest, cursor, sides_validity(service, name, sides))


def parse_sides(service: Service, params: Parameters) -> Sides:
    """Parse the two states. Raises ``invalid-parameters`` with the reason if they cannot be combined."""
    faults = list(_faults(service, params))
    if faults or params.start is None:
        raise query_parameters.invalid(faults)
    known_at = params.view.known_at
    before, after = params.start, params.end or View(as_of=service.today())
    if known_at is not None:
        before, after = structs.replace(before, known_at=known_at), structs.replace(after, known_at=known_at)
    return Sides(before, after, _kinds(params), params.values_of("part"))


def _faults(service: Service, params: Parameters) -> Sequence[Fault]:
    view, start, end = params.view, params.start, params.end
    faults: list[Fault] = []

    def fault(name: str, zh: str, en: str, code: str = "conflict") -> None:
        faults.append(Fault(parameter=name, code=code, detail=zh, detail_en=en))

    if start is None:
        fault("from", "请给出 from，即与哪个版本比较。", "Give from: the state to compare with.", "missing")
    for name in ("as_of", "release"):
        if getattr(view, name) is not None:
            fault(name, "两端由 from 与 to 给出。", "The two states are given by from and to.")
    sides = [side for side in (start, end) if side is not None]
    if view.known_at is not None and any(side.as_of is None for side in sides):
        fault(
            "known_at",
            "发布的编号或时刻已经确定了 known_at；只能与两个日期同用。",
            "The number of a release or an instant already determines it; combine it with two dates only.",
        )
    now = service.clock()
    if any(moment is not None and moment > now for moment in (view.known_at, *(s.known_at for s in sides))):
        fault("known_at", "该时刻尚未到来。", "That instant is in the future.")
    if start is not None and _is_backwards(start, end or View(as_of=service.today())):
        fault(
            "to",
            "to（默认为今天）早于 from，请对调。",
            "The state given by to (today by default) is earlier than that given by from; swap them.",
        )
    for word in (value for value in params.values_of("kind") if value not in DIFFERENCE_KINDS):
        kinds = ", ".join(DIFFERENCE_KINDS)
        fault(
            "kind", f"没有“{word[:40]}”这种变化；可用的有：{kinds}。", f"The kinds are: {kinds}.", "bad-value"
        )
    return faults


def _is_backwards(start: View, end: View) -> bool:
    pairs: tuple[tuple[Any, Any], ...] = (
        (start.release, end.release),
        (start.as_of, end.as_of),
        (start.known_at, end.known_at),
    )
    return any(a is not None and b is not None and a > b for a, b in pairs)


def _kinds(params: Parameters) -> tuple[DifferenceKind, ...]:
    kinds = params.values_of("kind")
    return tuple(kind for kind in DIFFERENCE_KINDS if kind in kinds)


def sides_validity(service: Service, name: str, sides: Sides) -> Validity:
    """Combine the validities of both states. The result is pinned only if both are."""
    both = [requested_view.validity(service, name, view) for view in (sides.before, sides.after)]
    times: list[datetime] = [v.modified for v in both if v.modified is not None]
    modified, today = max(times, default=None), service.today()
    if sides.after.as_of == today:  # perhaps by default: the same address compares with another day tomorrow
        modified = requested_view.latest_modification(modified, today)
    return Validity(
        (*(token for v in both for token in v.tokens), sides.before, sides.after),
        modified,
        pinned=all(v.pinned for v in both),
        checkpoint=both[1].checkpoint if all(v.checkpoint for v in both) else "",
    )


def _pin_known_at(view: View, known_at: datetime | None) -> View:
    """Pin ``known_at`` to that of the first page, so that a later release does not shift pages."""
    if view.release is not None or view.known_at is not None:
        return view
    return structs.replace(view, known_at=known_at)


def _guess_renames(service: Service, name: str, sides: Sides, totals: Totals) -> Sequence[LikelyRename]:
    """Guess renames; return none if there are too many changes, since guessing would be slow."""
    sizes = (totals.kinds["removed"], totals.kinds["added"])
    if not all(0 < size <= MAX_COMPARED for size in sizes):
        return ()
    return likely_renames(list(structs.replace(sides, kinds=("removed", "added")).differences(service, name)))
