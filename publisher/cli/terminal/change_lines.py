"""Changes as lines of text: a draft's comparison, a release's changes, a record's history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from publisher.cli.terminal import output
from publisher.cli.terminal.command_hints import add_hint
from publisher.cli.terminal.language import in_language
from schemas.words import KINDS

if TYPE_CHECKING:
    from publisher.log.model import Change, DraftDiff, FieldChange
    from schemas.definition.catalogue import Catalogue

ERASED = "（已依法删除 erased）"
"""In place of the title of a record that was erased."""
_MOST_CHARACTERS = 200
"""Most characters of a value that are printed."""
_MOST_CHANGES = 200
"""Most changes of a kind that a terminal lists; ``--json`` lists all."""


def show_diff(diff: DraftDiff, catalogue: Catalogue) -> None:
    """Print the changes that publication of a draft would make: conflicts, then each change, then counts."""
    for conflict in (*diff.conflicts, *diff.warnings):
        texts = add_hint(conflict.code, conflict.message_zh, conflict.message_en)
        output.print_line(f"[{conflict.code}] {in_language(*texts)}")
    for group in (diff.added, diff.changed, diff.removed):
        for change in group[:_MOST_CHANGES]:
            show_change(change, catalogue, show_effect=False)
        if len(group) > _MOST_CHANGES:
            more = len(group) - _MOST_CHANGES
            output.print_line(in_language(f"… 另有{more}条", f"… and {more} more"))
    in_error = diff.counts.get("in_error", 0)
    wrong = f"{in_language('有误', 'in error')} {in_error}" if in_error else ""
    totals = (format_counts(diff.counts), format_unchanged(diff.counts["unchanged"]), wrong)
    output.print_line("，".join(filter(None, totals)))


def format_counts(counts: Mapping[Any, int]) -> str:
    """Format the number of changes of each kind that there is."""
    return "，".join(f"{in_language(*KINDS[kind])} {counts[kind]}" for kind in KINDS if counts.get(kind))


def format_unchanged(number: int) -> str:
    return f"{in_language('未变化', 'unchanged')} {number}"


def show_change(change: Change, catalogue: Catalogue, *, show_effect: bool = True) -> None:
    """Print a change: kind, title, effect, and the fields before and after."""
    head = f"{in_language(*KINDS[change.kind])}  {change.title or ERASED}"
    if change.part:
        head += f"  （{change.part}）"
    if show_effect:
        release = in_language(f"第{change.release}次发布", f"release {change.release}")
        head = f"{change.effective_on}  {release}  {head}"
    if change.cause == "reading":
        head += in_language("  （识读改进，原文未变）", "  (better reading)")
    output.print_line(head)
    if change.reason:
        output.print_line(in_language(f"    理由：{change.reason}", f"    reason: {change.reason}"))
    if change.kind not in {"added", "removed"}:
        show_fields(change.fields, catalogue)


def show_fields(fields: Sequence[FieldChange], catalogue: Catalogue) -> None:
    """Print fields that differ, one line each: title, value before, value after."""
    for field in fields:
        before, after = (format_field(catalogue, field.field, v) for v in (field.before, field.after))
        output.print_line(f"    {_field_title(catalogue, field.field)}: {before} → {after}")


def _field_title(catalogue: Catalogue, name: str) -> str:
    """Return a field's Chinese title and its name."""
    field = catalogue.by_name.get(name)
    return f"{field.title} {name}" if field else name


def format_field(catalogue: Catalogue, name: str, json_value: Any) -> str:
    """Format a field's value on one line, cut to ``_MOST_CHARACTERS`` characters."""
    from schemas.cells.value_texts import format_value

    if json_value is None:
        return in_language("（空）", "(blank)")
    text = " ".join(format_value(catalogue.by_name.get(name), json_value, "zh").split())
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
