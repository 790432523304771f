"""Previews of amendments by hand: the texts are checked like a row of an import, and compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import msgspec
from msgspec import structs

from publisher.ingest import row_checks
from publisher.ingest.findings.kind import Finding, Place, create_finding
from publisher.ingest.record_builder import derive_value, set_working_days
from publisher.log.field_changes import compare_states
from publisher.log.log import Log
from publisher.log.model import Change, ChangeKind, LogError, RecordState, View
from publisher.log.releases.amendment import require_other_name
from schemas.cells.values import parse_value
from schemas.definition.catalogue import Catalogue, Content


class AmendmentPreview(msgspec.Struct, frozen=True):
    """The change that an amendment would make, and the findings about its content."""

    change: Change
    content: Content
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)


def preview_edit(
    log: Log,
    dataset: str,
    record: str,
    texts: Mapping[str, str],
    *,
    kind: ChangeKind,
    day: date | None = None,
) -> AmendmentPreview:
    """Preview an edit that sets fields of a record to texts, written as in a table.

    A blank text empties a field. ``day``: the content of that day is edited, from which another name holds;
    None: the present one. Nothing is written. As in an import, other fields are derived from the texts, and
    values, required fields, limits, legal basis and personal data are checked. Raises :class:`LogError`:
    ``no-such-record``, ``withdrawn``, ``erased``, ``nothing-renamed`` (a rename of other contents only).
    """
    catalogue = log.queries.catalogue(dataset)
    state = _state_to_edit(log, dataset, record, day)
    content: Content = dict(state.content)
    findings: list[Finding] = []
    for name, text in texts.items():
        field = catalogue.by_name[name]
        value = parse_value(field, text)
        if value.problem is not None:
            findings.append(create_finding(value.problem, _place(state, catalogue, name), text))
        if value.value is not None:
            content[name] = value.value
        else:
            content.pop(name, None)
    _derive_values(content, state.content, texts, catalogue)
    set_working_days(content, catalogue)
    invalid = {f.column for f in findings if f.severity == "error"}
    findings += (
        finding
        for finding in row_checks.check_content(
            content, catalogue, lambda name: _place(state, catalogue, name)
        )
        if finding.column not in invalid
    )
    change = _change_of_edit(state, content, catalogue, kind)
    if kind == "renamed" and change.fields:
        require_other_name(catalogue, state.content, content)
    return AmendmentPreview(change, content, tuple(findings))


def _derive_values(content: Content, before: Content, texts: Mapping[str, str], catalogue: Catalogue) -> None:
    """Derive values from changed texts again, unless they are set too or were not derived before."""
    for field in catalogue.fields:
        source = field.derived_from
        if source not in texts or field.name in texts:
            continue
        old, new = (
            derive_value(field, [str(state[source])] if source in state else [])
            for state in (before, content)
        )
        if before.get(field.name) != old:
            continue
        if new is None:
            content.pop(field.name, None)
        else:
            content[field.name] = new


def preview_content(
    log: Log, dataset: str, record: str, content: Content, *, kind: ChangeKind, day: date | None = None
) -> Change:
    """Return what another content of a record would change now, or from a day on.

    Raises :class:`LogError`: ``no-such-record``, ``withdrawn``, ``erased``.
    """
    state = _state_to_edit(log, dataset, record, day)
    return _change_of_edit(state, content, log.queries.catalogue(dataset), kind)


def preview_withdrawal(log: Log, dataset: str, records: Sequence[str]) -> Iterator[Change]:
    """Yield what a withdrawal of the records takes off the list. Raises as :func:`preview_content`."""
    states = log.queries.states(records, View())
    for record in records:
        state = states.get(record)
        if state is None or state.dataset != dataset:  # not yet in effect, or not of this dataset
            state = log.queries.record(dataset, record)
        _refuse_without_content(state)
        yield structs.replace(_change_of(state, "withdrawn"), before=state.content)


def preview_cancellation(
    log: Log, dataset: str, number: int, *, limit: int
) -> tuple[Sequence[Change], Mapping[str, int]]:
    """Return what the cancellation of a release changes: up to ``limit`` changes, and their number by kind.

    Records that it would add are withdrawn, or removed again; all else goes back to what it was. Raises
    :class:`LogError` as :meth:`.Releases.cancel`.
    """
    log.releases.check_cancellation(dataset, number)
    released = log.queries.released_records(dataset, number)
    before = View(known_at=log.queries.release(dataset, number).published_at - timedelta(microseconds=1))
    earlier = log.queries.states([one.id for one in released if one.kind == "added"], before)
    kinds = {one.id: _kind_of_undoing(one.kind, is_new=one.id not in earlier) for one in released}
    changes = log.queries.changes(dataset=dataset, release=number, limit=limit)
    undone = [_undo(change, kinds[change.record]) for change in changes if change.record in kinds]
    return undone, Counter(kinds.values())


def _kind_of_undoing(kind: ChangeKind, *, is_new: bool) -> ChangeKind:
    if kind != "added":
        return "changed"
    return "withdrawn" if is_new else "removed"


def _undo(change: Change, kind: ChangeKind) -> Change:
    fields = tuple(structs.replace(field, before=field.after, after=field.before) for field in change.fields)
    return structs.replace(change, kind=kind, before=change.after, after=change.before, fields=fields)


def _state_to_edit(log: Log, dataset: str, record: str, day: date | None) -> RecordState:
    """Return the state in force on a day; without one, the present state."""
    state = log.queries.record(dataset, record)
    _refuse_without_content(state)
    if day is not None:
        on_day = log.queries.states([record], View(as_of=day)).get(record)
        state = on_day if on_day is not None and on_day.status == "current" else state
    return state


def _refuse_without_content(state: RecordState) -> None:
    if state.status == "erased":
        raise LogError("erased", f"记录 {state.id} 已依法删除。", f"The record {state.id} was erased.")
    if state.status == "withdrawn":
        raise LogError("withdrawn", f"记录 {state.id} 已撤回公布。", f"The record {state.id} is withdrawn.")


def _place(state: RecordState, catalogue: Catalogue, name: str | None) -> Place:
    title = catalogue.by_name[name].title if name else None
    return Place(state.title, column=title)


def _change_of_edit(state: RecordState, content: Content, catalogue: Catalogue, kind: ChangeKind) -> Change:
    order = {field.name: number for number, field in enumerate(catalogue.fields)}
    fields = compare_states(state.content, content, order, parts=(state.part, state.part))
    return structs.replace(_change_of(state, kind), before=state.content, after=content, fields=fields)


def _change_of(state: RecordState, kind: ChangeKind) -> Change:
    """Build a change that no release contains yet: its sequence and release are 0."""
    return Change(
        sequence=0,
        dataset=state.dataset,
        release=0,
        record=state.id,
        kind=kind,
        cause="source",
        title=state.title,
        part=state.part,
        effective_on=state.effective_from,
        published_at=state.known_from,
        revision=None,
    )
