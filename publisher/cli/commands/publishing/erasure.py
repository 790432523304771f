"""The command ``erase``: contents, or the name of a clerk, that a law requires to be destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from publisher.cli.commands.publishing.publish import report_release
from publisher.cli.context import YES, CommandContext, with_context
from publisher.cli.erasure_besides import erase_at_desk, erase_corrections, list_requests
from publisher.cli.find_record import find_one_id
from publisher.cli.terminal import output
from publisher.cli.terminal.confirm import ask_text, confirm
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.language import in_language

if TYPE_CHECKING:
    from publisher.log.log import Log
    from publisher.log.releases.erasure import ErasurePreview, NamingActs


@click.command()
# Usage shows one pair of brackets around both: [DATASET NAME|ID...].
@click.argument("dataset", metavar="[DATASET", required=False)
@click.argument("records", metavar="NAME|ID...]", nargs=-1)
@click.option("--ground", help="法律依据，将向社会公布；未写明则询问 / The legal ground; it is published.")
@click.option(
    "--actor",
    default="",
    help="经办人；不写数据集时，删除此人在发布、提交中的姓名 / The clerk; without DATASET, the name to erase",
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
    """Erase the name of a clerk in every release and submission."""
    with context.log() as log:
        acts = log.releases.preview_actor_erasure(actor)
        zh, en = _in_words(acts)
        if ground is None:
            ground = ask_text("依法删除的法律依据", "Legal ground of the erasure", option="--ground")
        confirm(
            f"在{zh}中删除“{actor}”的姓名，不能恢复；待审核、待发布的提交随之取消。",
            f"Destroy the name of {actor} in {en} permanently; those that wait are cancelled.",
            yes=yes,
        )
        zh, en = _in_words(log.releases.erase_actor(actor, ground=ground))
    output.print_message(
        f"已在{zh}中删除姓名，并记入日志。",
        f"The name was destroyed in {en}; the log has the entry.",
    )
    erase_at_desk(context)
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
        preview = _show_erasure(log, dataset, record_ids)
        if ground is None:
            ground = ask_text("依法删除的法律依据", "Legal ground of the erasure", option="--ground")
        confirm(
            f"依法删除{len(record_ids)}条记录的内容，不能恢复。",
            f"Destroy the content of {len(record_ids)} records permanently.",
            yes=yes,
        )
        pairs = [(dataset, one) for one in record_ids]
        requests = list_requests(context, pairs)
        unfinished: LogError | None = None
        try:
            release = log.releases.erase(records=pairs, ground=ground, actor=actor, shown_state=preview)
        except LogError as error:
            if error.code != "erasure-incomplete":
                raise
            unfinished, release = error, log.queries.releases(dataset)[-1]
        for erase_besides in (
            partial(erase_corrections, context, pairs),
            partial(erase_at_desk, context, requests),
        ):
            try:
                erase_besides()
            except LogError as error:
                unfinished = error
        code = report_release(context, log, release)
        if unfinished is not None:
            raise unfinished
        return code


def _in_words(acts: NamingActs) -> tuple[str, str]:
    releases, submissions = len(acts.releases), len(acts.submissions)
    return (
        f"{releases}次发布、{submissions}件未发布的提交",
        f"{releases} releases and {submissions} submissions that were not published",
    )


def _show_erasure(log: Log, dataset: str, records: Sequence[str]) -> ErasurePreview:
    """Print what an erasure destroys: revisions of the records, and the files that contained them. → it."""
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
    return preview


COMMANDS: tuple[click.Command, ...] = (erase,)
