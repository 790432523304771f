"""Commands that write a release: publish, correct, withdraw, rename, erase."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from publisher.cli.commands.history import find_one_id
from publisher.cli.context import DAY, CommandContext, today, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError
from schemas.words import KINDS

if TYPE_CHECKING:
    from publisher.log.log import Log
    from publisher.log.model import OnConflict, Release
    from schemas.definition.catalogue import Catalogue, Field, Json

_NOT_YET_SEARCHABLE = (
    "发布已完成，暂时搜索不到；下一次发布、qingdan serve 或 qingdan reindex 会更新搜索索引。",
    "Published, but not yet searchable: the next release, qingdan serve or reindex updates the search index.",
)
_REASON = click.option("--reason", required=True, help="理由，将向社会公布 / The reason; it is published.")
_BASIS = click.option("--basis", default="", help="依据的文号 / Document number of the basis.")
_ACTOR = click.option("--actor", default="", help="经办人 / The clerk.")


@click.command()
@click.argument("dataset")
@click.option("--effective-on", type=DAY, required=True, help="生效日期 / Day of legal effect.")
@click.option("--basis", required=True, help="依据的文号 / Document number of the basis.")
@click.option("--note", default="", help="说明 / Note.")
@_ACTOR
@click.option(
    "--without-errors", is_flag=True, help="略去有误的行，并在发布中列明 / Leave rows in error out."
)
@click.option("--keep-later", is_flag=True, help="保留已发布的更晚生效的内容 / Keep states of later effect.")
@click.option(
    "--replace-later", is_flag=True, help="替换已发布的更晚生效的内容 / Replace states of later effect."
)
@with_context
def publish(
    context: CommandContext,
    dataset: str,
    effective_on: date,
    basis: str,
    note: str,
    actor: str,
    *,
    without_errors: bool,
    keep_later: bool,
    replace_later: bool,
) -> int:
    """发布草稿：整批发布，失败则不生效 / Publish the draft as a whole; a failure has no effect."""
    from publisher.workflow import publish_draft

    if keep_later and replace_later:
        raise click.UsageError("--keep-later 和 --replace-later 只能选一个 / choose one of the two")
    on_conflict: OnConflict = "keep" if keep_later else "replace" if replace_later else "refuse"
    with context.log() as log:
        with output.show_progress() as progress:
            release = publish_draft.publish_draft(
                log,
                dataset,
                effective_on=effective_on,
                basis=basis,
                note=note,
                actor=actor,
                without_errors=without_errors,
                on_conflict=on_conflict,
                progress=progress,
            )
        if release is None:
            output.print_message("没有变化，未发布。", "Nothing changed; not published.")
            return Exit.OK
        return report_release(context, log, release)


def report_release(context: CommandContext, log: Log, release: Release) -> int:
    """Report a release, then wait until it can be searched."""
    import anyio

    from publisher.workflow import publish_draft

    kind_counts = [f"{KINDS[name].both} {release.counts[name]}" for name in KINDS if release.counts.get(name)]
    counts = "，".join((*kind_counts, f"共{release.counts['records']}项 in all"))
    output.print_message(
        f"已发布：{release.dataset} 第{release.number}次发布，{counts}。",
        f"Published release {release.number} of {release.dataset}.",
    )
    if release.left_out:
        output.print_message(
            f"略去了{len(release.left_out)}行有误的数据。", f"{len(release.left_out)} rows were left out."
        )
    output.print_line(f"{release.dataset} {release.number} {release.hash}")
    try:
        with output.show_progress() as progress:
            published = anyio.run(
                lambda: publish_draft.await_searchable(log, context.engine(), release, progress=progress)
            )
    except KeyboardInterrupt:
        raise CommandError("interrupted", *_NOT_YET_SEARCHABLE, exit_code=Exit.INTERRUPTED) from None
    if not published.searchable:
        zh, en = _NOT_YET_SEARCHABLE
        output.print_message(f"{zh}（{published.why}）", f"{en} ({published.why})")
        return Exit.UNAVAILABLE
    output.print_message("已可搜索。", "It can be searched.")
    return Exit.OK


@click.command()
@click.argument("dataset")
@click.argument("record", metavar="NAME|ID")
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, required=True)
@_REASON
@_BASIS
@_ACTOR
@with_context
def correct(
    context: CommandContext,
    dataset: str,
    record: str,
    values: tuple[str, ...],
    reason: str,
    basis: str,
    actor: str,
) -> int:
    """更正：改正发布有误的值 / Correct a value that was published wrongly; FIELD= empties it."""
    with context.log() as log:
        record_id = find_one_id(log, dataset, record)
        content = edit_content(log, dataset, record_id, values)
        release = log.releases.correct(dataset, {record_id: content}, reason=reason, basis=basis, actor=actor)
        return report_release(context, log, release)


@click.command()
@click.argument("dataset")
@click.argument("records", metavar="NAME|ID...", nargs=-1, required=True)
@_REASON
@_BASIS
@_ACTOR
@with_context
def withdraw(
    context: CommandContext, dataset: str, records: tuple[str, ...], reason: str, basis: str, actor: str
) -> int:
    """撤回公布：撤回误列的记录 / Withdraw records that should not have been published."""
    with context.log() as log:
        record_ids = [find_one_id(log, dataset, record) for record in records]
        release = log.releases.withdraw(dataset, record_ids, reason=reason, basis=basis, actor=actor)
        return report_release(context, log, release)


@click.command()
@click.argument("dataset")
@click.argument("record", metavar="NAME|ID")
@click.argument("values", metavar="FIELD=VALUE...", nargs=-1, required=True)
@click.option("--reason", default="", help="理由，将向社会公布 / The reason; it is published.")
@click.option("--effective-on", type=DAY, help="生效日期，默认今天 / Day of effect; today by default.")
@_BASIS
@_ACTOR
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
) -> int:
    """更名：同一事项改用新名称，标识和历史不变 / Rename: the same item under another name keeps its id."""
    with context.log() as log:
        record_id = find_one_id(log, dataset, record)
        content = edit_content(log, dataset, record_id, values)
        release = log.releases.rename(
            dataset,
            record_id,
            content,
            effective_on=effective_on or today(),
            reason=reason,
            basis=basis,
            actor=actor,
        )
        return report_release(context, log, release)


@click.command()
@click.argument("dataset")
@click.argument("records", metavar="ID...", nargs=-1, required=True)
@click.option("--ground", required=True, help="法律依据，将向社会公布 / The legal ground; it is published.")
@_ACTOR
@click.option("--yes", is_flag=True, help="不询问直接执行 / Do not ask.")
@with_context
def erase(
    context: CommandContext, dataset: str, records: tuple[str, ...], ground: str, actor: str, *, yes: bool
) -> int:
    """依法删除：内容销毁，不能恢复 / Erase on a legal ground: content is destroyed permanently."""
    from publisher.log.model import LogError

    with context.log() as log:
        record_ids = [find_one_id(log, dataset, record) for record in records]
        if not yes:
            click.confirm(
                f"依法删除{len(record_ids)}条记录的内容，不能恢复？ / Destroy the content permanently?",
                abort=True,
                err=True,
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
        code = report_release(context, log, release)
        if unfinished is not None:
            raise unfinished
        return code


def edit_content(log: Log, dataset: str, record: str, values: tuple[str, ...]) -> dict[str, Json]:
    """Return the record's current content with ``field=value`` set; values are written like table cells."""
    from schemas.cells.values import parse_value

    catalogue = log.queries.catalogue(dataset)
    content = dict(log.queries.record(dataset, record).content)
    for assignment in values:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise click.UsageError(f"{assignment}：应写作“字段=值” / write FIELD=VALUE")
        field = _field(catalogue, name.strip())
        value = parse_value(field, text)
        if value.value is not None:
            content[field.name] = value.value
        elif value.problem is None:
            content.pop(field.name, None)
        else:
            p = value.problem
            raise CommandError(
                p.code, f"{p.message_zh}。{p.way_out_zh}。", f"{p.message_en}. {p.way_out_en}."
            )
    return content


def _field(catalogue: Catalogue, name: str) -> Field:
    """Return a field by its name or Chinese title."""
    for field in catalogue.fields:
        if name in {field.name, field.title} and not field.personal:
            return field
    fields = ", ".join(f"{f.name} {f.title}" for f in catalogue.fields if not f.personal)
    raise click.UsageError(f"没有字段 no field {name}: {fields}")


COMMANDS: tuple[click.Command, ...] = (publish, correct, withdraw, rename, erase)
