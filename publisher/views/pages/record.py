"""The page of a record: content, legal basis, source and history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from litestar.concurrency import sync_to_thread
from markupsafe import Markup
from msgspec import structs

from publisher.ingest.documents.section_outline import find_body
from publisher.log.clocks import day_at
from publisher.log.model import TAKING_EFFECT, Change, Dataset, LogError, RecordState, Release, View
from publisher.log.queries.later_events import LaterAmendment
from publisher.views.api import requested_view
from publisher.views.api.routes import records as api
from publisher.views.discovery import signposting
from publisher.views.pages import document
from publisher.views.pages.findings import finding_list
from publisher.views.pages.findings.finding_list import Agreement, FindingLink
from publisher.views.pages.limits import limit_steps
from publisher.views.pages.limits.limit_steps import FieldSteps
from publisher.views.pages.printing import field_html, price_history, schema_org
from publisher.views.pages.printing.field_html import FieldDifference
from publisher.views.pages.printing.page_request import Visit, run_read
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.query_parameters import Grammar
from publisher.web.route import AsyncReply
from schemas.definition.catalogue import Catalogue, Content

_GRAMMAR = Grammar(names=frozenset({"release"}))


class Event(msgspec.Struct, frozen=True):
    """A change of the record in its timeline."""

    change: Change
    day: date
    """Day of effect; for a correction or withdrawal, which act retroactively, day of publication."""
    basis: str
    differences: Sequence[FieldDifference]


class GoneError(ProblemError):
    """A withdrawn or erased record. Its page shows the timeline."""

    def __init__(self, problem: ProblemError, dataset: Dataset, timeline: Sequence[Event]) -> None:
        super().__init__(problem.kind.code, problem.zh, problem.en, tombstone=problem.tombstone)
        self.dataset, self.timeline = dataset, timeline


class AmendmentNotice(msgspec.Struct, frozen=True):
    """A later amendment of the past state that the page shows."""

    amendment: LaterAmendment
    day: date
    """When that release was published, in China."""
    differences: Sequence[FieldDifference]


class _RecordSnapshot(msgspec.Struct, frozen=True):
    """The page's data from one state of the log, with its validity."""

    validity: Validity
    dataset: Dataset
    catalogue: Catalogue
    state: RecordState
    content: Content
    state_release: Release
    timeline: Sequence[Event]
    amendments: Sequence[AmendmentNotice] = ()
    findings: Sequence[FindingLink] = ()
    agreements: Sequence[Agreement] = ()
    limits: Sequence[FieldSteps] = ()


async def record(press: Press, visit: Visit) -> AsyncReply:
    """Render a record. Raises :class:`GoneError` for a withdrawn or erased one."""
    pin = visit.parse_query(_GRAMMAR).view.release
    snapshot = await run_read(visit.service, _read_snapshot, visit, pin)
    if find_body(snapshot.catalogue, snapshot.content) is not None:
        return await _document(press, visit, snapshot, pin)

    async def build() -> bytes:
        return _render(press, visit, snapshot, pin)

    return AsyncReply(snapshot.validity, build, HEADERS, lambda _: _headers(visit, snapshot))


def _headers(visit: Visit, snapshot: _RecordSnapshot) -> Mapping[str, str]:
    return {"link": signposting.header(_links(visit, snapshot))}


def _links(visit: Visit, snapshot: _RecordSnapshot) -> signposting.Links:
    state = snapshot.state
    return signposting.of_record(visit.service.site.base, snapshot.dataset, state.id, state.release)


async def _document(press: Press, visit: Visit, snapshot: _RecordSnapshot, pin: int | None) -> AsyncReply:
    """Render a document, in a thread since it is long, with the documents that cite it."""

    async def build() -> bytes:
        related = document.RelatedDocuments()  # a pinned page shows nothing later than its release
        if not pin:
            name = document.own_number(snapshot.catalogue, snapshot.content) or snapshot.state.title
            related = await sync_to_thread(document.find_related, visit, name, snapshot.state)
        text = await sync_to_thread(
            document.read_text, visit, snapshot.catalogue, snapshot.content, pinned=bool(pin)
        )
        return await sync_to_thread(_render, press, visit, snapshot, pin, text, related)

    validity = snapshot.validity
    if not pin:
        validity = await run_read(visit.service, document.related_validity, visit, validity)
    return AsyncReply(validity, build, HEADERS, lambda _: _headers(visit, snapshot))


def _read_snapshot(visit: Visit, pin: int | None) -> _RecordSnapshot:
    service = visit.service
    name, identifier = requested_view.dataset_name(visit.call), requested_view.record_id(visit.call)
    view = View(release=pin) if pin else visit.view
    with service.log.snapshot():
        validity = requested_view.validity(service, name, view)
        dataset = service.dataset(name)
        state = service.log.queries.record(
            name, identifier, requested_view.resolve_release(service, name, view)
        )
        events = timeline(visit, dataset, identifier, upto=pin)
        if state.status in api.GONE:
            raise GoneError(api.gone_problem(service, state), dataset, events)
        catalogue, state_release = (
            service.catalogue(name, state.release),
            service.release(name, state.release),
        )
        amendments = [
            AmendmentNotice(
                amendment,
                day_at(amendment.published_at),
                field_html.format_differences(
                    visit, service.catalogue_of_changes(name, amendment.release), amendment.fields
                ),
            )
            for amendment in api.later_amendments(service, state, view)
        ]
        findings, agreements = ((), ()) if pin else finding_list.of_record(visit, dataset, identifier)
        is_changed = len(events) > 1  # else no limit has a second step
        limits = limit_steps.of_record(visit, catalogue, name, identifier, pin) if is_changed else ()
    validity = _extend_validity(validity, findings, agreements)
    return _RecordSnapshot(
        validity,
        dataset,
        catalogue,
        state=state,
        content=state.content,
        state_release=state_release,
        timeline=events,
        amendments=amendments,
        findings=findings,
        agreements=agreements,
        limits=limits,
    )


def _extend_validity(
    validity: Validity, findings: Sequence[FindingLink], agreements: Sequence[Agreement]
) -> Validity:
    """Return the validity of a page with findings: they come and go with releases of other datasets."""
    findings_token = (*((one.address, one.message, one.handling) for one in findings), *agreements)
    return structs.replace(
        validity, tokens=(*validity.tokens, findings_token), decides=validity.decides and validity.pinned
    )


def _render(
    press: Press,
    visit: Visit,
    snapshot: _RecordSnapshot,
    pin: int | None,
    text: document.DocumentText | None = None,
    related: document.RelatedDocuments | None = None,
) -> bytes:
    state = snapshot.state
    head = schema_org.record_head(
        visit,
        snapshot.dataset,
        snapshot.catalogue,
        state,
        snapshot.content,
        snapshot.state_release,
        _data(visit, pin),
        _links(visit, snapshot),
    )
    return press.page(_template(text), visit, head, **_variables(visit, snapshot, pin, text, related))


def render_preview(
    press: Press,
    visit: Visit,
    dataset: Dataset,
    catalogue: Catalogue,
    state: RecordState,
    release: Release,
    change: Change,
) -> Markup:
    """Render the content of a record's page as a release would make it that is not published yet.

    It has no findings and no steps of limits, which are derived from what is published.
    """
    event = _event(visit, catalogue, release, change)
    with visit.service.log.snapshot():
        try:
            earlier = timeline(visit, dataset, state.id)
        except LogError:  # it is new
            earlier = ()
        snapshot = _RecordSnapshot(
            Validity(()),
            dataset,
            catalogue,
            state=state,
            content=state.content,
            state_release=release,
            timeline=(event, *earlier),
        )
        text = document.read_text(visit, catalogue, state.content, pinned=False)
        variables = _variables(visit, snapshot, None, text, document.RelatedDocuments())
        return press.content(_template(text), visit, **variables)


def _template(text: document.DocumentText | None) -> str:
    return "document.html" if text else "record.html"


def _data(visit: Visit, pin: int | None) -> str:
    return visit.link(f"/v1{visit.path}", (("release", str(pin)),) if pin else visit.clocks)


def _variables(
    visit: Visit,
    snapshot: _RecordSnapshot,
    pin: int | None,
    text: document.DocumentText | None,
    related: document.RelatedDocuments | None,
) -> Mapping[str, Any]:
    """Return what the templates of a record show."""
    state, service = snapshot.state, visit.service
    until = service.release(state.dataset, pin).effective_on if pin else None
    changes = [event.change for event in snapshot.timeline]
    return {
        "dataset": snapshot.dataset,
        "state": state,
        "content": snapshot.content,
        "state_release": snapshot.state_release,
        "facts": price_history.note_changes(
            visit,
            snapshot.catalogue,
            field_html.list_facts(visit, snapshot.catalogue, snapshot.content),
            [c for c in changes if price_history.led_to_state(c, state, View() if pin else visit.view)],
        ),
        "prices": price_history.draw_prices(
            visit,
            snapshot.catalogue,
            state,
            changes,
            until or requested_view.day_of_view(service, visit.view),
        ),
        "groups": field_html.group_fields(
            visit, snapshot.catalogue, _other_content(snapshot.content, text), state.originals
        ),
        "timeline": snapshot.timeline,
        "amendments": snapshot.amendments,
        "findings": snapshot.findings,
        "agreements": snapshot.agreements,
        "limits": snapshot.limits,
        "pin": pin,
        "cite": _citation(visit, snapshot.dataset, state, snapshot.state_release),
        "data": _data(visit, pin),
        "cells": field_html.list_cells(visit, snapshot.catalogue, state),
        "text": text,
        "related": related,
    }


def _other_content(content: Content, text: document.DocumentText | None) -> Content:
    """Return the content without the document's text and without lists of its headings."""
    if text is None:
        return content
    titles = {section.title for section in text.sections}
    return {
        name: value
        for name, value in content.items()
        if name != text.field and not (isinstance(value, list) and titles.issuperset(map(str, value)))
    }


class PinnedCitation(msgspec.Struct, frozen=True):
    """Citation of the record by its permanent address."""

    address: str
    link: str
    """Relative address for a link on this page."""
    day: date
    """When the release was published, in China."""
    known_on: date
    """Since when the content is known: for a corrected one, the day of the correction."""


def _citation(visit: Visit, dataset: Dataset, state: RecordState, release: Release) -> PinnedCitation:
    path, pinned = f"/datasets/{dataset.name}/records/{state.id}", (("release", str(state.release)),)
    address = visit.service.link(f"{path}?release={state.release}")
    return PinnedCitation(
        address, visit.link(path, pinned), day_at(release.published_at), day_at(state.known_from)
    )


def timeline(visit: Visit, dataset: Dataset, record: str, *, upto: int | None = None) -> Sequence[Event]:
    """Return the events, newest first; for a pinned page, up to its release."""
    changes = visit.service.log.queries.history(dataset.name, record)
    known_at = visit.view.known_at if upto is None else None
    visible_changes = [
        change
        for change in changes
        if (upto is None or change.release <= upto) and (known_at is None or change.published_at <= known_at)
    ]
    service, name = visit.service, dataset.name
    return [
        _event(
            visit,
            service.catalogue_of_changes(name, change.release),
            service.release(name, change.release),
            change,
        )
        for change in reversed(visible_changes)
    ]


def _event(visit: Visit, catalogue: Catalogue, release: Release, change: Change) -> Event:
    return Event(
        change,
        change.effective_on if change.kind in TAKING_EFFECT else day_at(change.published_at),
        release.basis,
        field_html.format_differences(visit, catalogue, change.fields),
    )
