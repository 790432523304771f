"""The page of a record: what it says, why, where that stands, and all that happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from litestar.concurrency import sync_to_thread

from publisher.api import reading
from publisher.api import records as api
from publisher.api.conditional import Validity
from publisher.api.parameters import Grammar
from publisher.api.problems import ProblemError
from publisher.api.routing import AsyncReply, Call
from publisher.pages import documents, head, values, words
from publisher.pages.press import HEADERS, Press
from publisher.pages.values import Differing
from publisher.pages.visit import Visit, read
from publisher.store.clocks import day_at
from publisher.store.model import Change, Dataset, RecordState, Release, View
from schemas.catalogue import Catalogue, Content

_GRAMMAR = Grammar(names=frozenset({"release"}))
_AMENDS = ("corrected", "withdrawn", "erased")
_GONE = ("withdrawn", "erased")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the record, for its timeline."""

    kind: str
    word: str
    reading: bool
    """Only our reading became better; the publisher changed nothing."""
    day: date
    """Of effect; of a correction or withdrawal, which act backwards, of publication."""
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


@dataclass(frozen=True, slots=True)
class _Seen:
    """All of the log that the page shows, of one state with its validity."""

    validity: Validity
    dataset: Dataset
    catalogue: Catalogue
    state: RecordState
    content: Content
    brought: Release
    timeline: Sequence[Event]


async def record(press: Press, visit: Visit) -> AsyncReply:
    """Raises :class:`GoneError` for what is withdrawn or erased."""
    pin = visit.asked(_GRAMMAR).view.release
    seen = await read(visit.service, _seen, visit, pin)
    if documents.source_of(seen.catalogue, seen.content) is not None:
        return await _document(press, visit, seen, pin)

    async def build() -> bytes:
        return _printed(press, visit, seen, pin)

    return AsyncReply(seen.validity, build, HEADERS)


async def _document(press: Press, visit: Visit, seen: _Seen, pin: int | None) -> AsyncReply:
    """Long, and told with what stands around it: in a thread, and by the search engine."""

    async def build() -> bytes:
        around = documents.Around()  # a pinned page tells of nothing that came later
        if not pin:
            number = documents.own_number(seen.catalogue, seen.content)
            around = await documents.around(visit, number, seen.state)
        text = await sync_to_thread(documents.text_of, visit, seen.catalogue, seen.content)
        return await sync_to_thread(_printed, press, visit, seen, pin, text, around)

    validity = seen.validity if pin else await documents.surroundings(visit, seen.validity)
    return AsyncReply(validity, build, HEADERS)


def _seen(visit: Visit, pin: int | None) -> _Seen:
    service, call = visit.service, Call(visit.names, b"", "")
    name, identifier = reading.dataset_name(call), reading.record_id(call)
    view = View(release=pin) if pin else visit.view
    with service.store.snapshot():
        validity = reading.validity(service, name, view)
        dataset = service.dataset(name)
        state = service.store.record(name, identifier, reading.both_clocks(service, name, view))
        events = timeline(visit, dataset, identifier, upto=pin)
        if state.status in _GONE:
            raise GoneError(api.gone(service, state), dataset, events)
        catalogue, brought = service.catalogue(name, state.release), service.release(name, state.release)
    return _Seen(validity, dataset, catalogue, state, state.content, brought, events)


def _printed(
    press: Press,
    visit: Visit,
    seen: _Seen,
    pin: int | None,
    text: documents.Text | None = None,
    around: documents.Around | None = None,
) -> bytes:
    state = seen.state
    data = visit.link(f"/v1{visit.path}", (("release", str(pin)),) if pin else visit.clocks)
    return press.page(
        "document.html" if text else "record.html",
        visit,
        head.of_record(visit, seen.dataset, seen.catalogue, state, seen.content, seen.brought, data),
        dataset=seen.dataset,
        state=state,
        content=seen.content,
        brought=seen.brought,
        groups=values.groups(visit, seen.catalogue, _besides(seen.content, text), state.originals),
        timeline=seen.timeline,
        pin=pin,
        cite=_citation(visit, seen.dataset, state),
        data=data,
        cells=values.cells(visit, seen.catalogue, state),
        text=text,
        around=around,
    )


def _besides(content: Content, text: documents.Text | None) -> Content:
    """What stands beside a document's text: neither the text nor a list of its headings."""
    if text is None:
        return content
    titles = {section.title for section in text.sections}
    return {
        name: value
        for name, value in content.items()
        if name != text.field and not (isinstance(value, list) and titles.issuperset(map(str, value)))
    }


@dataclass(frozen=True, slots=True)
class Cited:
    """How to quote the record: by the address that will always show what was seen."""

    address: str
    link: str
    """The same from this page."""


def _citation(visit: Visit, dataset: Dataset, state: RecordState) -> Cited:
    path, pinned = f"/datasets/{dataset.name}/records/{state.id}", (("release", str(state.release)),)
    return Cited(visit.service.link(f"{path}?release={state.release}"), visit.link(path, pinned))


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
    catalogue = service.catalogue(dataset.name, change.release)
    release = service.release(dataset.name, change.release)
    return Event(
        kind=change.kind,
        word=words.of(visit, words.KINDS, change.kind),
        reading=change.cause == "reading",
        day=day_at(change.published_at) if change.kind in _AMENDS else change.effective_on,
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
