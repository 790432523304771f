"""Commands that show, compare and discard a draft, and decide about repeals that its documents propose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click
from msgspec import structs

from publisher.cli.commands.publishing.publish import (
    KEEP_LATER,
    PARTS,
    REPLACE_LATER,
    WITHOUT_ERRORS,
    read_on_conflict,
)
from publisher.cli.context import DAY, JSON, CommandContext, with_context
from publisher.cli.terminal import change_lines, output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError
from publisher.workflow.steps import COMPARING

if TYPE_CHECKING:
    from publisher.log.model import RepealProposal


@click.group()
def draft() -> None:
    """草稿：下一次发布的内容 / The draft: the content of the next release."""


@draft.command()
@click.argument("dataset")
@JSON
@with_context
def show(context: CommandContext, dataset: str, *, as_json: bool) -> int:
    """查看草稿 / Show the draft."""
    with context.log() as log:
        current_draft = log.drafts.get(dataset)
    if current_draft is None:
        raise _no_draft(dataset)
    if as_json:
        output.print_json(structs.asdict(current_draft))
        return Exit.OK
    rows = [
        [i.part or "", i.source.name, i.mode, i.records, i.in_error, len(i.left_out), i.source.obtained_at]
        for i in current_draft.imports
    ]
    columns = [
        "报送部门 part",
        "文件 file",
        "方式 mode",
        "记录 records",
        "有误 in error",
        "略去 left out",
        "时间 at",
    ]
    output.print_table(columns, rows)
    return Exit.OK


@draft.command()
@click.argument("dataset")
@click.option("--effective-on", type=DAY, help="与该日的内容比较，默认今天 / Compare with that day's state.")
@WITHOUT_ERRORS
@KEEP_LATER
@REPLACE_LATER
@PARTS
@JSON
@with_context
def diff(
    context: CommandContext,
    dataset: str,
    effective_on: date | None,
    *,
    parts: tuple[str, ...],
    without_errors: bool,
    keep_later: bool,
    replace_later: bool,
    as_json: bool,
) -> int:
    """以同样的选项发布后会有哪些变化 / What publication with the same options would change."""
    on_conflict = read_on_conflict(keep_later=keep_later, replace_later=replace_later)
    with context.log() as log, output.show_progress() as progress:
        if log.drafts.get(dataset) is None:
            raise _no_draft(dataset)
        progress(COMPARING, 0, None)
        draft_diff = log.drafts.diff(
            dataset,
            effective_on=effective_on,
            on_conflict=on_conflict,
            without_errors=without_errors,
            parts=parts or None,
        )
        catalogue = log.queries.catalogue(dataset)
    if as_json:
        output.print_json(structs.asdict(draft_diff))
    else:
        change_lines.show_diff(draft_diff, catalogue)
    return Exit.REFUSED if draft_diff.conflicts else Exit.OK


@draft.command()
@click.argument("dataset")
@click.option("--part", help="只丢弃该部门的 / Only this part's import.")
@with_context
def discard(context: CommandContext, dataset: str, part: str | None) -> None:
    """丢弃草稿 / Discard the draft."""
    with context.log() as log:
        log.drafts.discard(dataset, part)
    output.print_message("草稿已丢弃。", "The draft was discarded.")


@draft.command()
@click.argument("dataset")
@JSON
@with_context
def repeals(context: CommandContext, dataset: str, *, as_json: bool) -> None:
    """查看待确认的废止 / List the repeals that notices propose, with their sentences."""
    with context.log() as log:
        proposals = log.drafts.repeals(dataset)
    _print_proposals(proposals, as_json=as_json)


@draft.command()
@click.argument("dataset")
@click.argument("documents", nargs=-1)
@click.option("--all", "every", is_flag=True, help="接受全部 / Accept all.")
@JSON
@with_context
def accept(
    context: CommandContext, dataset: str, documents: tuple[str, ...], *, every: bool, as_json: bool
) -> None:
    """确认废止，发布时标明 / Accept repeals: publication marks these documents (number, title or id)."""
    _decide(context, dataset, documents, every=every, as_json=as_json, accept=True)


@draft.command()
@click.argument("dataset")
@click.argument("documents", nargs=-1)
@click.option("--all", "every", is_flag=True, help="全部不采用 / Refuse all.")
@JSON
@with_context
def refuse(
    context: CommandContext, dataset: str, documents: tuple[str, ...], *, every: bool, as_json: bool
) -> None:
    """不采用所列废止 / Refuse proposed repeals: they are not proposed again."""
    _decide(context, dataset, documents, every=every, as_json=as_json, accept=False)


def _decide(
    context: CommandContext,
    dataset: str,
    documents: tuple[str, ...],
    *,
    every: bool,
    as_json: bool,
    accept: bool,
) -> None:
    if every == bool(documents):
        raise click.UsageError(
            "请写明文件（文号或标题），或加 --all / Name documents (number or title), or add --all."
        )
    with context.log() as log:
        decided = log.drafts.decide_repeals(dataset, None if every else documents, accept=accept)
    if not decided:
        raise CommandError(
            "no-such-repeal",
            f"没有待确认的废止涉及这些文件。请运行 qingdan draft repeals {dataset} 查看。",
            f"No proposed repeal is about these documents. Run qingdan draft repeals {dataset}.",
            exit_code=Exit.NOT_FOUND,
        )
    _print_proposals(decided, as_json=as_json)


_STATES = {"proposed": "待确认 proposed", "accepted": "已确认 accepted", "refused": "不采用 refused"}


def _print_proposals(proposals: Sequence[RepealProposal], *, as_json: bool) -> None:
    if as_json:
        output.print_json([structs.asdict(proposal) for proposal in proposals])
        return
    rows = [[p.title, p.by, p.sentence, _STATES[p.state]] for p in proposals]
    output.print_table(["文件 document", "废止依据 by", "原文 sentence", "状态 state"], rows)


def _no_draft(dataset: str) -> CommandError:
    return CommandError(
        "no-draft",
        f"数据集 {dataset} 没有草稿。请先运行 qingdan import。",
        f"The dataset {dataset} has no draft. Run qingdan import first.",
        exit_code=Exit.NOT_FOUND,
    )


COMMANDS: tuple[click.Command, ...] = (draft,)
