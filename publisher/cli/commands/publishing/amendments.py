"""Commands that amend what is published: correct, withdraw, rename, cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from publisher.cli.commands.publishing.publish import ACTOR, BASIS, EMERGENCY, report_release
from publisher.cli.context import DAY, NUMBER, YES, CommandContext, today, with_context
from publisher.cli.find_record import find_one_id
from publisher.cli.terminal import change_lines, import_report, output
from publisher.cli.terminal.confirm import confirm
from publisher.cli.terminal.failures import CommandError
from publisher.cli.terminal.language import in_language

if TYPE_CHECKING:
    from publisher.log.log import Log
    from publisher.log.model import ChangeKind
    from schemas.definition.catalogue import Catalogue, Content, Field

_MOST_CHANGES = 200
"""Most changes of a cancelled release that are listed."""
REASON = click.option("--reason", required=True, help="理由，将向社会公布 / The reason; it is published.")


@click.command()
@click.argument("dataset")
@click.argument("record", metavar="NAME|ID")
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, required=True)
@REASON
@BASIS
@ACTOR
@EMERGENCY
@YES
@with_context
def correct(
    context: CommandContext,
    dataset: str,
    record: str,
    values: tuple[str, ...],
    reason: str,
    basis: str,
    actor: str,
    *,
    emergency: str,
    yes: bool,
) -> int:
    """更正：改正发布有误的值 / Correct a value that was published wrongly; FIELD= empties it."""
    with context.log() as log:
        state = log.approvals.shown_state(dataset)
        record_id = find_one_id(log, dataset, record)
        content = _review_edit(log, dataset, record_id, values, kind="corrected")
        _confirm_amendment(context, log, "更正", "correction", reason, basis, yes=yes)
        release = log.releases.correct(
            dataset,
            {record_id: content},
            reason=reason,
            basis=basis,
            actor=actor,
            emergency=emergency,
            shown_state=state,
        )
        return report_release(context, log, release)


@click.command()
@click.argument("dataset")
@click.argument("records", metavar="NAME|ID...", nargs=-1, required=True)
@REASON
@BASIS
@ACTOR
@EMERGENCY
@YES
@with_context
def withdraw(
    context: CommandContext,
    dataset: str,
    records: tuple[str, ...],
    reason: str,
    basis: str,
    actor: str,
    *,
    emergency: str,
    yes: bool,
) -> int:
    """撤回公布：撤回误列的记录 / Withdraw records that should not have been published."""
    from publisher.workflow.amendment_previews import preview_withdrawal

    with context.log() as log:
        state = log.approvals.shown_state(dataset)
        record_ids = list(dict.fromkeys(find_one_id(log, dataset, record) for record in records))
        catalogue = log.queries.catalogue(dataset)
        for change in preview_withdrawal(log, dataset, record_ids):
            change_lines.show_change(change, catalogue, show_effect=False)
        _confirm_amendment(context, log, "撤回公布", "withdrawal", reason, basis, yes=yes)
        release = log.releases.withdraw(
            dataset,
            record_ids,
            reason=reason,
            basis=basis,
            actor=actor,
            emergency=emergency,
            shown_state=state,
        )
        return report_release(context, log, release)


@click.command()
@click.argument("dataset")
@click.argument("record", metavar="NAME|ID")
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, required=True)
@REASON
@click.option("--effective-on", type=DAY, help="生效日期，默认今天 / Day of effect; today by default.")
@BASIS
@ACTOR
@EMERGENCY
@YES
@with_context
def rename(
    context: CommandContext,
    dataset: str,
    record: str,
    values: tuple[str, ...],
    reason: str,
    effective_on: date | None,
    basis: str,
    actor: str,
    *,
    emergency: str,
    yes: bool,
) -> int:
    """更名：同一事项改用新名称，标识和历史不变 / Rename: the same item under another name keeps its id."""
    with context.log() as log:
        state = log.approvals.shown_state(dataset)
        record_id = find_one_id(log, dataset, record)
        day = effective_on or today()
        content = _review_edit(log, dataset, record_id, values, kind="renamed", day=day)
        _confirm_amendment(context, log, "更名", "rename", reason, basis, yes=yes)
        release = log.releases.rename(
            dataset,
            record_id,
            content,
            effective_on=day,
            reason=reason,
            basis=basis,
            actor=actor,
            emergency=emergency,
            shown_state=state,
        )
        return report_release(context, log, release)


@click.command()
@click.argument("dataset")
@click.argument("number", metavar="RELEASE", type=NUMBER)
@REASON
@BASIS
@ACTOR
@EMERGENCY
@YES
@with_context
def cancel(
    context: CommandContext,
    dataset: str,
    number: int,
    reason: str,
    basis: str,
    actor: str,
    *,
    emergency: str,
    yes: bool,
) -> int:
    """取消一次尚未生效的发布 / Cancel a release that is not yet in effect; this is a release."""
    from publisher.workflow.amendment_previews import preview_cancellation

    with context.log() as log:
        state = log.approvals.shown_state(dataset)
        changes, counts = preview_cancellation(log, dataset, number, limit=_MOST_CHANGES)
        catalogue = log.queries.catalogue(dataset)
        zh, en = f"取消第{number}次发布，将有以下变化：", f"The cancellation of release {number} changes:"
        output.print_line(in_language(zh, en))
        for change in changes:
            change_lines.show_change(change, catalogue, show_effect=False)
        if (more := sum(counts.values()) - len(changes)) > 0:
            output.print_line(in_language(f"… 另有{more}条", f"… and {more} more"))
        _confirm_amendment(context, log, "取消", "cancellation", reason, basis, yes=yes)
        release = log.releases.cancel(
            dataset, number, reason=reason, basis=basis, actor=actor, emergency=emergency, shown_state=state
        )
        return report_release(context, log, release)


def _review_edit(
    log: Log,
    dataset: str,
    record: str,
    assignments: Sequence[str],
    *,
    kind: ChangeKind,
    day: date | None = None,
) -> Content:
    """Print what the values change, and their findings → the new content of the record.

    ``day``: as of :func:`.preview_edit`. Raises ``CommandError('content-in-error')``.
    """
    from publisher.workflow.amendment_previews import preview_edit

    catalogue = log.queries.catalogue(dataset)
    texts = _parse_assignments(catalogue, assignments)
    amendment = preview_edit(log, dataset, record, texts, kind=kind, day=day)
    change_lines.show_change(amendment.change, catalogue, show_effect=False)
    import_report.show_findings(amendment.findings)
    if amendment.refused:
        raise CommandError(
            "content-in-error",
            "内容有错误，未发布。请按以上提示改正；几个字段有关联的，可以在一次命令中一起写。",
            "The content is in error; nothing was published. Fix it as shown above; fields that depend on "
            "each other can be set by one command.",
        )
    return amendment.content


def _parse_assignments(catalogue: Catalogue, assignments: Sequence[str]) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise click.UsageError(f"{assignment}：应写作“字段=值” / {assignment}: write FIELD=VALUE")
        texts[_find_field(catalogue, name.strip()).name] = text
    return texts


def _find_field(catalogue: Catalogue, name: str) -> Field:
    """Return a field by its name or Chinese title."""
    for field in catalogue.fields:
        if name in {field.name, field.title} and not field.personal:
            return field
    zh = "、".join(f.title for f in catalogue.fields if not f.personal)
    en = ", ".join(f.name for f in catalogue.fields if not f.personal)
    raise click.UsageError(f"没有字段“{name}”。现有：{zh} / There is no field {name}. There are: {en}")


def _confirm_amendment(
    context: CommandContext, log: Log, zh: str, en: str, reason: str, basis: str, *, yes: bool
) -> None:
    from publisher.log.clocks import utc_now
    from publisher.workflow.publication_guards import check_basis, check_clock

    if not reason.strip():
        raise click.UsageError("--reason 不能是空白 / --reason is blank")
    guards = [*check_clock(log, now=utc_now(), drift=context.clock_drift())]
    for guard in [*guards, *check_basis(basis)] if basis.strip() else guards:
        output.print_message(f"请核对 [{guard.code}] {guard.zh}", f"Check [{guard.code}] {guard.en}")
    confirm(f"将发布以上{zh}。", f"Publish this {en}.", yes=yes)


COMMANDS: tuple[click.Command, ...] = (correct, withdraw, rename, cancel)
