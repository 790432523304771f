"""The page of a record: what it says, why, where that stands, and all that happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from publisher.api import reading
from publisher.api import records as api
from publisher.api.parameters import Grammar
from publisher.api.problems import ProblemError
from publisher.api.routing import Call, Reply
from publisher.pages import values, words
from publisher.pages.press import HEADERS, Press
from publisher.pages.values import Differing
from publisher.pages.visit import Visit
from publisher.store.model import Change, Dataset, RecordState, Release, View

_GRAMMAR = Grammar(names=frozenset({"release"}))
_GONE = ("withdrawn", "erased")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the record, for its timeline."""

    kind: str
    word: str
    reading: bool
    """Only our reading became better; the publisher changed nothing."""
    effective_on: date
    published_at: datetime
    release: int
    basis: str
    reason: str
    differences: Sequence[Differing]
    address: str
    """The record as that release left it."""
    release_address: str


class GoneError(ProblemError):
    """A record that is withdrawn or erased, for a page that still tells its story."""

    def __init__(self, problem: ProblemError, dataset: Dataset, timeline: Sequence[Event]) -> None:
        super().__init__(problem.kind.code, problem.zh, problem.en, tombstone=problem.tombstone)
        self.dataset, self.timeline = dataset, timeline


def record(press: Press, visit: Visit) -> Reply:
    service = visit.service
    asked_for = Call(visit.names, b"", "")
    name, identifier = reading.dataset_name(asked_for), reading.record_id(asked_for)
    release = visit.asked(_GRAMMAR).view.release
    view = View(release=release) if release else visit.view
    dataset = service.store.dataset(name)
    validity = reading.validity(service, name, view)

    def build() -> bytes:
        state = service.store.record(name, identifier, reading.both_clocks(service, name, view))
        events = timeline(visit, dataset, identifier, upto=release)
        if state.status in _GONE:
            raise GoneError(api.gone(service, state), dataset, events)
        return _printed(press, visit, dataset, state, events, release)

    return Reply(validity, build, HEADERS)


def _printed(
    press: Press, visit: Visit, dataset: Dataset, state: RecordState, events: Sequence[Event], pin: int | None
) -> bytes:
    service = visit.service
    catalogue = service.store.catalogue(dataset.name, state.release)
    brought = service.release(dataset.name, state.release)
    return press.page(
        "record.html",
        visit,
        dataset=dataset,
        catalogue=catalogue,
        state=state,
        brought=brought,
        groups=values.groups(visit, catalogue, state.content, state.originals),
        timeline=events,
        pin=pin,
        cite=_citation(visit, dataset, state, brought),
        words=words,
    )


@dataclass(frozen=True, slots=True)
class Cited:
    """How to quote the record: a sentence and the address that will always show what was seen."""

    text: str
    address: str


def _citation(visit: Visit, dataset: Dataset, state: RecordState, release: Release) -> Cited:
    address = visit.service.link(f"/datasets/{dataset.name}/records/{state.id}?release={release.number}")
    day = release.effective_on
    text = (
        f"{dataset.body}：《{words.half(visit, dataset.title)}》“{state.title}”，第{release.number}次发布"
        f"（{day.year}年{day.month}月{day.day}日生效）"
    )
    return Cited(text, address)


def timeline(visit: Visit, dataset: Dataset, record: str, *, upto: int | None = None) -> Sequence[Event]:
    """Newest first; of a pinned page, only what had happened by then."""
    changes = visit.service.store.history(dataset.name, record)
    known = visit.view.known_at
    told = [
        change
        for change in changes
        if (upto is None or change.release <= upto) and (known is None or change.published_at <= known)
    ]
    return [_event(visit, dataset, change) for change in reversed(told)]


def _event(visit: Visit, dataset: Dataset, change: Change) -> Event:
    service = visit.service
    catalogue = service.store.catalogue(dataset.name, change.release)
    release = service.release(dataset.name, change.release)
    return Event(
        kind=change.kind,
        word=words.of(visit, words.KINDS, change.kind),
        reading=change.cause == "reading",
        effective_on=change.effective_on,
        published_at=change.published_at,
        release=change.release,
        basis=release.basis,
        reason=change.reason,
        differences=values.differences(visit, catalogue, change.fields),
        address=visit.url(
            f"/datasets/{dataset.name}/records/{change.record}",
            (("release", str(change.release)),),
            clocks=False,
        ),
        release_address=visit.url(f"/datasets/{dataset.name}/releases/{change.release}"),
    )
