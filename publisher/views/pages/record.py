"""The page of a record: what it says, why, where that stands, and all that happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from litestar.concurrency import sync_to_thread

from publisher.log.clocks import day_at
from publisher.log.model import Change, Dataset, RecordState, Release, View
from publisher.views.api import requested_view
from publisher.views.api.routes import records as api
from publisher.views.pages import document
from publisher.views.pages.printing import field_html, html_head
from publisher.views.pages.printing.field_html import Differing
from publisher.views.pages.printing.page_request import Visit, read
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.query_parameters import Grammar
from publisher.web.route import AsyncReply
from schemas.definition.catalogue import Catalogue, Content

_GRAMMAR = Grammar(names=frozenset({"release"}))
_AMENDS = ("corrected", "withdrawn", "erased")
_GONE = ("withdrawn", "erased")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the record, for its timeline."""

    change: Change
    day: date
    """Of effect; of a correction or withdrawal, which act backwards, of publication."""
    basis: str
    differences: Sequence[Differing]


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
    if document.source_of(seen.catalogue, seen.content) is not None:
        return await _document(press, visit, seen, pin)

    async def build() -> bytes:
        return _printed(press, visit, seen, pin)

    return AsyncReply(seen.validity, build, HEADERS)


async def _document(press: Press, visit: Visit, seen: _Seen, pin: int | None) -> AsyncReply:
    """Long, and told with what stands around it: in a thread, and by the search engine."""

    async def build() -> bytes:
        around = document.Around()  # a pinned page tells of nothing that came later
        if not pin:
            number = document.own_number(seen.catalogue, seen.content)
            around = await document.around(visit, number, seen.state)
        text = await sync_to_thread(document.text_of, visit, seen.catalogue, seen.content)
        return await sync_to_thread(_printed, press, visit, seen, pin, text, around)

    validity = seen.validity if pin else await document.surroundings(visit, seen.validity)
    return AsyncReply(validity, build, HEADERS)


def _seen(visit: Visit, pin: int | None) -> _Seen:
    service = visit.service
    name, identifier = requested_view.dataset_name(visit.call), requested_view.record_id(visit.call)
    view = View(release=pin) if pin else visit.view
    with service.log.snapshot():
        validity = requested_view.validity(service, name, view)
        dataset = service.dataset(name)
        state = service.log.queries.record(name, identifier, requested_view.both_clocks(service, name, view))
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
    text: document.Text | None = None,
    around: document.Around | None = None,
) -> bytes:
    state = seen.state
    data = visit.link(f"/v1{visit.path}", (("release", str(pin)),) if pin else visit.clocks)
    return press.page(
        "document.html" if text else "record.html",
        visit,
        html_head.of_record(visit, seen.dataset, seen.catalogue, state, seen.content, seen.brought, data),
        dataset=seen.dataset,
        state=state,
        content=seen.content,
        brought=seen.brought,
        groups=field_html.groups(visit, seen.catalogue, _besides(seen.content, text), state.originals),
        timeline=seen.timeline,
        pin=pin,
        cite=_citation(visit, seen.dataset, state, seen.brought),
        data=data,
        cells=field_html.cells(visit, seen.catalogue, state),
        text=text,
        around=around,
    )


def _besides(content: Content, text: document.Text | None) -> Content:
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
    day: date
    """When the release was published, in China."""


def _citation(visit: Visit, dataset: Dataset, state: RecordState, release: Release) -> Cited:
    path, pinned = f"/datasets/{dataset.name}/records/{state.id}", (("release", str(state.release)),)
    address = visit.service.link(f"{path}?release={state.release}")
    return Cited(address, visit.link(path, pinned), day_at(release.published_at))


def timeline(visit: Visit, dataset: Dataset, record: str, *, upto: int | None = None) -> Sequence[Event]:
    """Newest first; of a pinned page, only what had happened by then."""
    changes = visit.service.log.queries.history(dataset.name, record)
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
    return Event(
        change,
        day_at(change.published_at) if change.kind in _AMENDS else change.effective_on,
        service.release(dataset.name, change.release).basis,
        field_html.differences(visit, catalogue, change.fields),
    )
