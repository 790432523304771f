"""Commands about drafts: show, compare and discard."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import click

from publisher.cli.context import DAY, CommandContext, with_context
from publisher.cli.terminal import change_lines, output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError


@click.group()
def draft() -> None:
    """草稿：下一次发布的内容 / The draft: the content of the next release."""


@draft.command()
@click.argument("dataset")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON / Print JSON.")
@with_context
def show(context: CommandContext, dataset: str, *, as_json: bool) -> int:
    """查看草稿 / Show the draft."""
    with context.log() as log:
        current_draft = log.drafts.get(dataset)
    if current_draft is None:
        raise _no_draft(dataset)
    if as_json:
        output.print_json(asdict(current_draft))
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
@click.option("--json", "as_json", is_flag=True, help="输出 JSON / Print JSON.")
@with_context
def diff(context: CommandContext, dataset: str, effective_on: date | None, *, as_json: bool) -> int:
    """发布后会有哪些变化 / What publication would change."""
    with context.log() as log, output.show_progress() as progress:
        if log.drafts.get(dataset) is None:
            raise _no_draft(dataset)
        progress("比较 comparing", 0, None)
        draft_diff = log.drafts.diff(dataset, effective_on=effective_on)
        catalogue = log.queries.catalogue(dataset)
    if as_json:
        output.print_json(asdict(draft_diff))
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


def _no_draft(dataset: str) -> CommandError:
    return CommandError(
        "no-draft",
        f"数据集 {dataset} 没有草稿。请先运行 qingdan import。",
        f"The dataset {dataset} has no draft. Run qingdan import first.",
        exit_code=Exit.NOT_FOUND,
    )


COMMANDS: tuple[click.Command, ...] = (draft,)
