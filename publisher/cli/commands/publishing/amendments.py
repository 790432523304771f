"""Commands that amend what is published: correct, withdraw, rename, cancel, erase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING

import click

from publisher.cli.commands.publishing.publish import ACTOR, BASIS, EMERGENCY, report_release
from publisher.cli.context import DAY, NUMBER, YES, CommandContext, today, with_context
from publisher.cli.find_record import find_one_id
from publisher.cli.terminal import change_lines, import_report, output
from publisher.cli.terminal.confirm import ask_text, confirm
from publisher.cli.terminal.exit_codes import Exit
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
        record_ids = list(dict.fromkeys(find_one_id(log, dataset, record) for record in records))
        catalogue = log.queries.catalogue(dataset)
        for change in preview_withdrawal(log, dataset, record_ids):
            change_lines.show_change(change, catalogue, show_effect=False)
        _confirm_amendment(context, log, "撤回公布", "withdrawal", reason, basis, yes=yes)
        release = log.releases.withdraw(
            dataset, record_ids, reason=reason, basis=basis, actor=actor, emergency=emergency
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
        record_id = find_one_id(log, dataset, record)
        content = _review_edit(log, dataset, record_id, values, kind="renamed")
        _confirm_amendment(context, log, "更名", "rename", reason, basis, yes=yes)
        release = log.releases.rename(
            dataset,
            record_id,
            content,
            effective_on=effective_on or today(),
            reason=reason,
            basis=basis,
            actor=actor,
            emergency=emergency,
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
    with context.log() as log:
        log.queries.release(dataset, number)  # raises LogError('no-such-release') before anything is shown
        changes = log.queries.changes(dataset=dataset, release=number, limit=_MOST_CHANGES + 1)
        catalogue = log.queries.catalogue(dataset)
        zh, en = f"第{number}次发布的以下变化不再生效：", f"These changes of release {number} are undone:"
        output.print_line(in_language(zh, en))
        for change in changes[:_MOST_CHANGES]:
            change_lines.show_change(change, catalogue, show_effect=False)
        if len(changes) > _MOST_CHANGES:
            output.print_line("…")
        _confirm_amendment(context, log, "取消", "cancellation", reason, basis, yes=yes)
        release = log.releases.cancel(
            dataset, number, reason=reason, basis=basis, actor=actor, emergency=emergency
        )
        return report_release(context, log, release)


@click.command()
# Usage shows one pair of brackets around both: [DATASET NAME|ID...].
@click.argument("dataset", metavar="[DATASET", required=False)
@click.argument("records", metavar="NAME|ID...]", nargs=-1)
@click.option("--ground", help="法律依据，将向社会公布；未写明则询问 / The legal ground; it is published.")
@click.option(
    "--actor",
    default="",
    help="经办人；不写数据集时，删除此人在历次发布中的姓名 / The clerk; without DATASET, the name to erase.",
)
@YES
@with_context
def erase(
    context: CommandContext,
    dataset: str | None,
    records: tuple[str, ...],
    ground: str | None,
    actor: str,
    *,
    yes: bool,
) -> int:
    """依法删除：内容销毁，不能恢复 / Erase on a legal ground: content is destroyed permanently."""
    if dataset is None and actor:
        return _erase_actor(context, actor, ground, yes=yes)
    if dataset is None or not records:
        raise click.UsageError(
            "请写明数据集和记录，或用 --actor 写明要删除姓名的经办人 / "
            "name a dataset and records, or with --actor the clerk whose name is to be erased"
        )
    return _erase_records(context, dataset, records, ground, actor, yes=yes)


def _erase_actor(context: CommandContext, actor: str, ground: str | None, *, yes: bool) -> int:
    """Erase the name of a clerk in every release."""
    with context.log() as log:
        count = log.releases.preview_actor_erasure(actor)
        if ground is None:
            ground = ask_text("依法删除的法律依据", "Legal ground of the erasure", option="--ground")
        confirm(
            f"在{count}次发布中删除经办人“{actor}”的姓名，不能恢复。",
            f"Destroy the name of the clerk {actor} in {count} releases permanently.",
            yes=yes,
        )
        log.releases.erase_actor(actor, ground=ground)
    output.print_message(
        f"已在{count}次发布中删除姓名，并记入日志。",
        f"The name was destroyed in {count} releases; the log has the entry.",
    )
    _erase_answers(context)
    return Exit.OK


def _erase_records(
    context: CommandContext,
    dataset: str,
    records: tuple[str, ...],
    ground: str | None,
    actor: str,
    *,
    yes: bool,
) -> int:
    """Erase records, and what inbox and desk have of them, and report the release → the exit code.

    Raises ``LogError('erasure-incomplete')`` after the report: the release stands. The log completes its
    destruction when it is opened next; the worker completes that of the inbox.
    """
    from publisher.log.model import LogError

    with context.log() as log:
        record_ids = list(dict.fromkeys(find_one_id(log, dataset, record) for record in records))
        _show_erasure(log, dataset, record_ids)
        if ground is None:
            ground = ask_text("依法删除的法律依据", "Legal ground of the erasure", option="--ground")
        confirm(
            f"依法删除{len(record_ids)}条记录的内容，不能恢复。",
            f"Destroy the content of {len(record_ids)} records permanently.",
            yes=yes,
        )
        unfinished: LogError | None = None
        try:
            release = log.releases.erase(
                records=[(dataset, one) for one in record_ids], ground=ground, actor=actor
            )
        except LogError as error:
            if error.code != "erasure-incomplete":
                raise
            unfinished, release = error, log.queries.releases(dataset)[-1]
        for erase_besides in (_erase_corrections, _erase_answers):
            try:
                erase_besides(context, [(dataset, one) for one in record_ids])
            except LogError as error:
                unfinished = error
        code = report_release(context, log, release)
        if unfinished is not None:
            raise unfinished
        return code


def _erase_corrections(context: CommandContext, records: Sequence[tuple[str, str]]) -> None:
    """Delete the corrections about erased records. Raises ``LogError('erasure-incomplete')``."""
    inbox = context.inbox()
    if inbox is not None:
        with closing(inbox):
            inbox.erase(records)


def _erase_answers(context: CommandContext, _records: Sequence[tuple[str, str]] = ()) -> None:
    """Delete the answers of the desk that are stored for repeated requests: one may have what was erased.

    Raises ``LogError('erasure-incomplete')``.
    """
    from publisher.desk.accounts.store import DeskStore
    from publisher.desk.accounts.stored_answers import StoredAnswers
    from publisher.log.model import LogError

    try:
        store = DeskStore.open(context.settings.database, context.settings.desk)
    except LogError as error:
        if error.code != "no-desk":
            raise
        return
    with closing(store):
        StoredAnswers(store).erase()


def _show_erasure(log: Log, dataset: str, records: Sequence[str]) -> None:
    """Print what an erasure destroys: revisions of the records, and the files that contained them."""
    preview = log.releases.preview_erasure(dataset, records)
    for record in preview.records:
        output.print_line(
            in_language(
                f"依法删除：{record.title}  [{record.id}]  {record.revisions}个修订版",
                f"Erase: {record.title}  [{record.id}]  {record.revisions} revisions",
            )
        )
    for name in preview.files:
        output.print_line(in_language(f"  销毁原始文件：{name}", f"  Destroy the source file: {name}"))
    for name in preview.drafted_files:
        output.print_line(in_language(f"  移出草稿：{name}", f"  Drop from the draft: {name}"))
    size = max(1, preview.rewritten_bytes // 1_000_000)
    output.print_line(
        in_language(
            f"  重写数据库中含有内容的部分：{size} MB；用 PostgreSQL 时，重写期间读者须等待",
            f"  Rewrite content in the database: {size} MB; on PostgreSQL readers wait meanwhile",
        )
    )


def _review_edit(
    log: Log, dataset: str, record: str, assignments: Sequence[str], *, kind: ChangeKind
) -> Content:
    """Print what the values change, and their findings → the new content of the record.

    Raises ``CommandError('content-in-error')``.
    """
    from publisher.workflow.amendment_previews import preview_edit

    catalogue = log.queries.catalogue(dataset)
    amendment = preview_edit(log, dataset, record, _parse_assignments(catalogue, assignments), kind=kind)
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


COMMANDS: tuple[click.Command, ...] = (correct, withdraw, rename, cancel, erase)
