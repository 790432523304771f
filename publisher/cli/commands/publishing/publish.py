"""The command ``publish``, and the report of a release."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from publisher.cli.context import DAY, CommandContext, with_context
from publisher.cli.terminal import change_lines, import_report, output
from publisher.cli.terminal.command_hints import add_hint
from publisher.cli.terminal.confirm import confirm
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError

if TYPE_CHECKING:
    from publisher.log.log import Log
    from publisher.log.model import OnConflict, Release

_GUARDS = ("check-today", "many-removed", "far-day", "basis-without-number", "basis-missing")
"""Codes of :mod:`publisher.workflow.publication_guards`, which help does not import; a test compares both."""
_NOT_YET_SEARCHABLE = (
    "发布已完成，暂时搜索不到；下一次发布、qingdan work 或 qingdan reindex 会更新搜索索引。",
    "Published, but not yet searchable: the next release, qingdan work or reindex updates the search index.",
)
BASIS = click.option("--basis", default="", help="依据的文号 / Document number of the basis.")
ACTOR = click.option(
    "--actor",
    default="",
    help="经办人，QINGDAN_SHOW_ACTOR=1 时将向社会公布 / The clerk; published with QINGDAN_SHOW_ACTOR=1.",
)
EMERGENCY = click.option(
    "--emergency",
    default="",
    metavar="REASON",
    help="紧急时未经审核即发布的理由，永久随发布公布 / Why nobody approved it first; published permanently.",
)

WITHOUT_ERRORS = click.option(
    "--without-errors", is_flag=True, help="略去有误的行，并在发布中列明 / Leave rows in error out."
)
KEEP_LATER = click.option(
    "--keep-later", is_flag=True, help="保留已发布的更晚生效的内容 / Keep states of later effect."
)
REPLACE_LATER = click.option(
    "--replace-later", is_flag=True, help="替换已发布的更晚生效的内容 / Replace states of later effect."
)
PARTS = click.option(
    "--part",
    "parts",
    multiple=True,
    help="只发布草稿中的这个报送部门，可重复 / Only this part of the draft; may be repeated.",
)


def read_on_conflict(*, keep_later: bool, replace_later: bool) -> OnConflict:
    """Return what to do with states of later effect. Raises ``UsageError`` if both options are given."""
    if keep_later and replace_later:
        raise click.UsageError(
            "--keep-later 和 --replace-later 只能选一个 / choose one of --keep-later and --replace-later"
        )
    return "keep" if keep_later else "replace" if replace_later else "refuse"


@click.command()
@click.argument("dataset")
@click.option("--effective-on", type=DAY, required=True, help="生效日期 / Day of legal effect.")
@click.option("--basis", required=True, help="依据的文号 / Document number of the basis.")
@click.option("--note", default="", help="说明 / Note.")
@ACTOR
@WITHOUT_ERRORS
@KEEP_LATER
@REPLACE_LATER
@PARTS
@EMERGENCY
@click.option(
    "--accept",
    multiple=True,
    type=click.Choice(_GUARDS),
    help="已核对该项提示，可重复 / What was checked and is meant; may be repeated.",
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
    parts: tuple[str, ...],
    emergency: str,
    without_errors: bool,
    keep_later: bool,
    replace_later: bool,
    accept: tuple[str, ...],
) -> int:
    """发布草稿：整批发布，失败则不生效 / Publish the draft as a whole; a failure has no effect."""
    from publisher.workflow import publish_draft

    on_conflict = read_on_conflict(keep_later=keep_later, replace_later=replace_later)
    with context.log() as log:
        state = log.approvals.shown_state(dataset, with_draft=True, parts=parts or None)
        import_report.show_checks(log.findings.of_draft(dataset, effective_on, parts or None))
        was_asked = _ask_guards(
            context,
            log,
            dataset,
            effective_on=effective_on,
            basis=basis,
            on_conflict=on_conflict,
            parts=parts or None,
            accept=accept,
        )
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
                parts=parts or None,
                emergency=emergency,
                shown_state=state if was_asked else None,
                progress=progress,
            )
        if release is None:
            output.print_message("没有变化，未发布。", "Nothing changed; not published.")
            return Exit.OK
        return report_release(context, log, release)


def _ask_guards(
    context: CommandContext,
    log: Log,
    dataset: str,
    *,
    effective_on: date,
    basis: str,
    on_conflict: OnConflict,
    parts: Sequence[str] | None,
    accept: Sequence[str],
) -> bool:
    """Ask about what is probably a mistake → whether there was anything.

    Without a terminal, each has to be accepted by its code.
    """
    from publisher.log.clocks import utc_now
    from publisher.workflow.publication_guards import find_guards

    guards = find_guards(
        log,
        dataset,
        effective_on=effective_on,
        basis=basis,
        now=utc_now(),
        drift=context.clock_drift(),
        on_conflict=on_conflict,
        parts=parts,
    )
    open_guards = [guard for guard in guards if guard.code not in accept]
    for guard in open_guards:
        zh, en = add_hint(guard.code, guard.zh, guard.en)
        output.print_message(f"请核对 [{guard.code}] {zh}", f"Check [{guard.code}] {en}")
    if open_guards and not sys.stdin.isatty():
        options = " ".join(dict.fromkeys(f"--accept {guard.code}" for guard in open_guards))
        raise CommandError(
            "needs-accept",
            f"未发布。核对以上提示后，请加 {options} 重新运行。",
            f"Not published. Check the points above, then run it again with {options}.",
        )
    if open_guards:
        confirm("仍要发布。", "Publish all the same.", yes=False)
    return bool(open_guards)


def report_release(context: CommandContext, log: Log, release: Release) -> int:
    """Print a release, then wait until it can be searched → the exit code.

    Raises ``CommandError('interrupted')``; the release is published all the same.
    """
    import anyio

    from publisher.workflow import publish_draft

    # Two releases count two days: a record may end between the past day of one and the day of the next.
    day, number = release.effective_on, release.counts["records"]
    changes = change_lines.format_counts(release.counts)
    zh = "，".join(filter(None, (changes, f"{day} 有效{number}项")))
    en = ", ".join(filter(None, (changes.replace("，", ", "), f"{number} in force on {day}")))
    output.print_message(
        f"已发布：{release.dataset} 第{release.number}次发布，{zh}。",
        f"Published release {release.number} of {release.dataset}: {en}.",
    )
    if release.left_out:
        output.print_message(
            f"略去了{len(release.left_out)}行有误的数据。", f"{len(release.left_out)} rows were left out."
        )
    draft = log.drafts.get(release.dataset)
    if draft is not None and draft.records:
        output.print_message(
            f"草稿中还有{draft.records}条记录没有发布。查看：qingdan draft diff {release.dataset}",
            f"{draft.records} records of the draft are not published: qingdan draft diff {release.dataset}",
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


COMMANDS: tuple[click.Command, ...] = (publish,)
