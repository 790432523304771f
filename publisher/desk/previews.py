"""Previews of public pages as a draft or an amendment would make them, by the functions of those pages.

They exist at the desk only: the public application has no address for what is not published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

import msgspec
from markupsafe import Markup
from msgspec import structs

from publisher.desk import work
from publisher.desk.desk import Desk
from publisher.log.approvals.submission import PublicationRequest
from publisher.log.clocks import day_at
from publisher.log.drafts.rows_left_out import list_with, row_left_out
from publisher.log.model import (
    Change,
    Dataset,
    DraftDiff,
    DraftImport,
    LogError,
    RecordQuery,
    RecordState,
    Release,
    View,
)
from publisher.views.pages import record as record_page
from publisher.views.pages import release as release_page
from publisher.views.pages.printing.page_request import Pairs, Visit
from publisher.web.route import Call
from schemas.words import Lang

_WITHDRAWAL = "withdrawn"
_NO_PAIRS: Pairs = ()


class ProposedRelease(msgspec.Struct, frozen=True, kw_only=True):
    """A release that would be published: changes of one dataset, their day of effect, basis and note."""

    dataset: Dataset
    changes: Sequence[Change]
    """Changes that are listed; ``counts`` has all."""
    counts: Mapping[str, int]
    removed_before_effect: int = 0
    """Number of removed records that are not in force yet."""
    effective_on: date
    basis: str = ""
    note: str = ""
    imports: Sequence[DraftImport] = ()
    """Files of the draft; none for an amendment."""
    left_out: Sequence[Mapping[str, Any]] = ()
    """Rows that are left out."""
    cancels: int | None = None
    """Number of the release that it cancels."""


def propose_draft(desk: Desk, dataset: str, request: PublicationRequest) -> ProposedRelease:
    """Return what a request would publish of a draft; by default today. Raises ``LogError('no-draft')``."""
    diff, changes = work.draft_changes(desk, dataset, request)
    imports = desk.log.drafts.imports(dataset, request.parts)
    return ProposedRelease(
        dataset=desk.log.datasets.get(dataset),
        changes=changes,
        counts=work.count_changes(diff),
        removed_before_effect=diff.removed_before_effect,
        effective_on=request.effective_on or day_at(desk.clock()),
        basis=request.basis,
        note=request.note,
        imports=imports,
        left_out=_rows_left_out(imports, diff),
    )


def _rows_left_out(imports: Sequence[DraftImport], diff: DraftDiff) -> Sequence[Mapping[str, Any]]:
    """List the rows that a release would leave out: an import may list its rows in error already."""
    listed: list[Mapping[str, Any]] = [row for one in imports for row in one.left_out]
    return list_with(listed, map(row_left_out, diff.left_out))


@dataclass(frozen=True)
class PreviewVisit(Visit):
    """A request for a preview. Links lead to other previews, and to the public site for all else."""

    records: frozenset[str] = frozenset()
    """Ids of records with a preview."""
    previews: str = ""
    """Address of the previews, with a query that the id of a record is added to."""
    home: str = ""
    """Path of the dataset's public page."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.service.site.base)

    def url(self, path: str, pairs: Iterable[tuple[str, str]] = (), *, clocks: bool = True) -> str:
        record = path.removeprefix(f"{self.home}/records/")
        if record in self.records and not tuple(pairs):
            return f"{self.previews}&record={quote(record)}"
        return super().url(path, pairs, clocks=clocks)


def preview_release(desk: Desk, proposed: ProposedRelease, previews: str, lang: Lang) -> Markup:
    """Render the content of the page of the release."""
    release = _next_release(desk, proposed)
    home = f"/datasets/{proposed.dataset.name}"
    visit = _visit(desk, proposed, previews, lang, f"{home}/releases/{release.number}")
    catalogue = desk.log.queries.catalogue(proposed.dataset.name)
    return release_page.render_preview(
        desk.press, visit, proposed.dataset, catalogue, release, proposed.changes
    )


def preview_record(desk: Desk, proposed: ProposedRelease, record: str, previews: str, lang: Lang) -> Markup:
    """Render the content of the page of a record. Raises ``LogError('no-such-record')``."""
    change = next((c for c in proposed.changes if c.record == record and c.kind != _WITHDRAWAL), None)
    if change is None:
        raise LogError("no-such-record", "其中没有这一项。", "It is not among what would be published.")
    name, release = proposed.dataset.name, _next_release(desk, proposed)
    change = structs.replace(change, release=release.number, published_at=release.published_at)
    visit = _visit(desk, proposed, previews, lang, f"/datasets/{name}/records/{record}")
    state = _state_after(desk, proposed, change, release)
    return record_page.render_preview(
        desk.press, visit, proposed.dataset, desk.log.queries.catalogue(name), state, release, change
    )


def _visit(desk: Desk, proposed: ProposedRelease, previews: str, lang: Lang, path: str) -> Visit:
    return PreviewVisit(
        desk.public,
        Call({}, b"", path),
        lang,
        View(),
        _NO_PAIRS,
        _NO_PAIRS,
        desk.log.datasets.site_details()[0],
        records=frozenset(change.record for change in proposed.changes if change.kind != _WITHDRAWAL),
        previews=previews,
        home=f"/datasets/{proposed.dataset.name}",
    )


def _next_release(desk: Desk, proposed: ProposedRelease) -> Release:
    name = proposed.dataset.name
    releases = desk.log.queries.releases(name)
    in_force = RecordQuery(view=View(as_of=proposed.effective_on), limit=0)
    counts, present = proposed.counts, desk.log.queries.records(name, in_force).total or 0
    removed = counts.get("removed", 0) - proposed.removed_before_effect + counts.get(_WITHDRAWAL, 0)
    records = present + counts.get("added", 0) - removed
    return Release(
        sequence=0,
        dataset=name,
        number=desk.log.queries.next_number(name),
        published_at=desk.clock(),
        effective_on=proposed.effective_on,
        basis=proposed.basis,
        note=proposed.note,
        actor="",
        catalogue_digest=desk.log.queries.catalogue(name).digest,
        parser_version=next((one.parser_version for one in proposed.imports), ""),
        software_version="",
        manifest_hash="",
        previous_hash="",
        hash="",
        sources=tuple(one.source for one in proposed.imports),
        counts={**counts, "records": records},
        cancels=proposed.cancels,
        left_out=tuple(proposed.left_out),
        previous_number=releases[-1].number if releases else None,
    )


def _state_after(desk: Desk, proposed: ProposedRelease, change: Change, release: Release) -> RecordState:
    """Return the state that a change would bring, with its place in the file."""
    content = change.before if change.kind == "removed" else change.after
    amends = change.kind == "corrected" or proposed.cancels is not None
    state = RecordState(
        dataset=change.dataset,
        id=change.record,
        status="removed" if change.kind == "removed" else "current",
        title=change.title,
        content_json=msgspec.json.encode(content or {}),
        revision=None,
        salt=None,
        part=change.part,
        release=release.number,
        effective_from=release.effective_on,
        effective_to=None,
        known_from=release.published_at,
        known_to=None,
        reason=proposed.note if amends else "",
    )
    if amends:
        earlier = desk.log.queries.record(change.dataset, change.record)
        return msgspec.structs.replace(
            state, effective_from=earlier.effective_from, effective_to=earlier.effective_to
        )
    for one in proposed.imports:
        if one.part != change.part or change.revision is None:
            continue
        row = desk.log.drafts.find_row(one, change.revision)
        if row is not None:
            return msgspec.structs.replace(
                state,
                locator_json=msgspec.json.encode(row.locator).decode(),
                originals_json=msgspec.json.encode(row.originals).decode(),
                sources=(one.source,),
            )
    return state
