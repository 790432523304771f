"""Lines of changes: a draft's comparison, a release's changes, a record's history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from publisher.cli.terminal import output
from schemas.words import KINDS

if TYPE_CHECKING:
    from publisher.log.model import Change, DraftDiff
    from schemas.definition.catalogue import Catalogue

_LONGEST = 200
_MOST = 200
"""Most changes of a kind that a terminal lists; ``--json`` lists all."""


def to_json(change: Change) -> dict[str, Any]:
    return asdict(change)


def diff_json(diff: DraftDiff) -> dict[str, Any]:
    return asdict(diff)


def show_diff(diff: DraftDiff, catalogue: Catalogue) -> None:
    for conflict in (*diff.conflicts, *diff.warnings):
        output.result(f"[{conflict.code}] {conflict.message_zh}")
        output.result(f"  {conflict.message_en}")
    for group in (diff.added, diff.changed, diff.removed):
        for change in group[:_MOST]:
            show(change, catalogue, when=False)
        if len(group) > _MOST:
            output.result(f"… 另有{len(group) - _MOST}条 / and {len(group) - _MOST} more")
    counts = ", ".join(f"{KINDS[k].both if k in KINDS else k} {n}" for k, n in diff.counts.items())
    output.result(counts or f"未变化 unchanged {diff.unchanged}")


def show(change: Change, catalogue: Catalogue | None, *, when: bool = True) -> None:
    """Print a change: kind, title, effect, and the fields before and after."""
    head = f"{KINDS[change.kind].both}  {change.title or '（已依法删除 erased）'}"
    if change.part:
        head += f"  （{change.part}）"
    if when:
        head = f"{change.effective_on}  第{change.release}次发布 release {change.release}  {head}"
    if change.cause == "reading":
        head += "  （识读改进，原文未变 better reading）"
    output.result(head)
    if change.reason:
        output.result(f"    理由 reason：{change.reason}")
    for field in change.fields:
        name = title(catalogue, field.field)
        if change.kind in {"added", "removed"}:
            continue
        before, after = (value(catalogue, field.field, v) for v in (field.before, field.after))
        output.result(f"    {name}: {before} → {after}")


def title(catalogue: Catalogue | None, name: str) -> str:
    """Return a field's Chinese title and its name."""
    field = catalogue.by_name.get(name) if catalogue else None
    return f"{field.title} {name}" if field else name


def value(catalogue: Catalogue | None, name: str, json_value: Any) -> str:
    """Format a field's value on one line, cut to ``_LONGEST`` characters."""
    from schemas.cells.values import format_value

    if json_value is None:
        return "（空 blank）"
    field = catalogue.by_name.get(name) if catalogue else None
    text = " ".join((format_value(field, json_value, "zh") if field else str(json_value)).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def show_all(changes: Sequence[Change], catalogue: Catalogue | None) -> None:
    for change in changes:
        show(change, catalogue)
