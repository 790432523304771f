"""Collected documents of a draft, each beside the page that it was read from, and repeals to decide about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import islice

import msgspec

from publisher.desk import sheets
from publisher.desk.accounts.roles import Action
from publisher.desk.acts import audited
from publisher.desk.desk import Desk
from publisher.desk.http.guards import require
from publisher.desk.work import Person, digest_moved, event_of
from publisher.harvest.stored_files import load_page, read_lines
from publisher.ingest.findings.kind import Finding
from publisher.log.canonical_json import canonical
from publisher.log.drafts.staging import draft_moved
from publisher.log.evidence.harvested_pages import WARC, ArchivedResponse, Page
from publisher.log.model import DraftImport, LogError, RepealProposal
from schemas.definition.catalogue import Catalogue, Field

_MOST_LINES = 5_000
"""Lines of a page that are shown; the longest documents have some hundreds."""
_LONGEST = 20_000
"""Characters of a value or a line that are shown."""


class CollectedDocument(msgspec.Struct, frozen=True):
    """A collected document of a draft, and the name of its source; empty if its page was destroyed."""

    file: DraftImport
    title: str
    source: str


class ReadField(msgspec.Struct, frozen=True):
    """A field with the line of the page that it was read from; 0: of no line, such as a meta tag."""

    field: Field
    text: str
    line: int
    findings: Sequence[Finding]


class PageLine(msgspec.Struct, frozen=True):
    number: int
    text: str
    fields: Sequence[Field]
    """Fields whose text begins in the line."""
    severity: str
    """The worst of its findings; empty without any."""


class DocumentReading(msgspec.Struct, frozen=True):
    """The reading of a document, beside the lines of its page."""

    file: DraftImport
    title: str
    page: Page
    response: ArchivedResponse
    fields: Sequence[ReadField]
    lines: Sequence[PageLine]
    findings: Sequence[Finding]
    is_cut: bool
    """Whether the page has more lines."""


def is_collected(one: DraftImport, catalogue: Catalogue) -> bool:
    """Test whether a file of a draft is a document that was collected from a site."""
    return one.source.media_type == WARC and catalogue.of_documents


def collected_imports(desk: Desk, dataset: str) -> Sequence[DraftImport]:
    """List the collected documents of a draft, those in error first."""
    catalogue = desk.log.queries.catalogue(dataset)
    imports = desk.log.drafts.imports(dataset)
    return sorted((one for one in imports if is_collected(one, catalogue)), key=lambda one: not one.in_error)


def describe_documents(
    desk: Desk, dataset: str, imports: Sequence[DraftImport]
) -> Sequence[CollectedDocument]:
    """Return the title and the source of collected documents of a draft."""
    titles = desk.log.drafts.first_titles(dataset)
    pages = desk.log.evidence.pages_of_responses([one.source.digest for one in imports])
    sources = {digest: page.source_site for digest, (page, _) in pages.items()}
    return [
        CollectedDocument(one, titles.get(one.token, ""), sources.get(one.source.digest, ""))
        for one in imports
    ]


def read_document(desk: Desk, dataset: str, token: str) -> DocumentReading:
    """Return a collected document of a draft beside its page.

    Raises ``LogError``: ``no-draft``, ``draft-moved``, ``no-such-source`` (its page was destroyed).
    """
    one = _find(desk, dataset, token)
    stored = load_page(desk.log, one.source)
    rows = desk.log.drafts.rows(one, [0])
    if not rows:
        raise draft_moved()
    (row,) = rows
    cells: Mapping[str, str] = row.locator.get("cells", {})
    findings = desk.readings.get(dataset, one).findings
    fields = []
    for field in desk.log.queries.catalogue(dataset).fields:
        cell = cells.get(field.name, "")
        number = cell[1:]
        own = [finding for finding in findings if is_about(finding, field, cell)]
        if not field.personal and (own or field.name in row.content or field.name in row.originals):
            text = sheets.cell_text(row, field)[:_LONGEST]
            fields.append(ReadField(field, text, int(number) if number.isdigit() else 0, own))
    lines = read_lines(stored.hops)
    return DocumentReading(
        file=one,
        title=row.title,
        page=stored.page,
        response=stored.response,
        fields=fields,
        lines=[
            PageLine(
                number,
                text[:_LONGEST],
                [read.field for read in fields if read.line == number],
                sheets.worst_severity([finding for finding in findings if finding.row == number]),
            )
            for number, text in islice(lines.items(), _MOST_LINES)
        ],
        findings=findings,
        is_cut=len(lines) > _MOST_LINES,
    )


def is_about(finding: Finding, field: Field, cell: str) -> bool:
    """Test whether a finding is about a field. ``cell``: where its value stands, such as A7; or empty."""
    letters = cell.rstrip("0123456789")
    return finding.column in (field.title, f"{letters} {field.title}")


def leave_out(desk: Desk, person: Person, dataset: str, token: str, reason: str) -> None:
    """Leave a collected document out of the draft; it comes back when it changes at its source.

    Raises ``LogError``: ``no-draft``, ``draft-moved``, ``reason-missing``.
    """
    require(person.account, Action.HAND_IN, dataset, None)
    one = _find(desk, dataset, token)
    details = {"address": one.source.url, "file": one.source.digest, "reason": _require_reason(reason)}
    with audited(desk, "document-left-out", event_of(person, dataset, details)):
        desk.log.drafts.discard_import(dataset, token)


def list_repeals(desk: Desk, dataset: str) -> Mapping[str, RepealProposal]:
    """Return the repeals that documents propose and that are not published, by a key of their words."""
    return {_key(one): one for one in desk.log.drafts.repeals(dataset)}


def decide_repeals(
    desk: Desk, person: Person, dataset: str, keys: Sequence[str], *, accept: bool, reason: str
) -> Sequence[RepealProposal]:
    """Accept or refuse proposed repeals, as they were shown. A refusal says why.

    Raises ``LogError``: ``no-such-repeal`` (none was chosen), ``digest-moved``, ``reason-missing``.
    """
    require(person.account, Action.HAND_IN, dataset, None)
    if not keys:
        raise LogError("no-such-repeal", "没有选择任何一项。", "No repeal was chosen.")
    proposals = list_repeals(desk, dataset)
    if not proposals.keys() >= set(keys):
        raise digest_moved()
    reason = reason.strip() if accept else _require_reason(reason)
    chosen = [proposals[key] for key in keys]
    details = {"accepted": accept, "documents": [one.title for one in chosen], "reason": reason}
    with audited(desk, "repeals-decided", event_of(person, dataset, details)):
        return desk.log.drafts.decide_repeals(dataset, [one.record for one in chosen], accept=accept)


def _find(desk: Desk, dataset: str, token: str) -> DraftImport:
    one = sheets.find_import(desk, dataset, None, token)
    if not is_collected(one, desk.log.queries.catalogue(dataset)):
        raise draft_moved()
    return one


def _key(one: RepealProposal) -> str:
    words = {"record": one.record, "by": one.by, "sentence": one.sentence}
    return hashlib.sha256(canonical(words)).hexdigest()[:32]


def _require_reason(reason: str) -> str:
    if not reason.strip():
        raise LogError("reason-missing", "请写明理由。", "State the reason.")
    return reason.strip()
