"""The ``commitments`` commands: rows that the text of a plan proposes."""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.context import JSON, CommandContext, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.failures import refuse_existing


@click.group()
def commitments() -> None:
    """工作任务：文件布置了什么 / Commitments: what plans promise."""


@commitments.command()
@click.argument("document")
@click.option(
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="写入的 CSV 文件，核对后可以导入 / CSV file to write; edit it, then import it.",
)
@JSON
@with_context
def propose(context: CommandContext, document: str, *, target: Path | None, as_json: bool) -> None:
    """从工作方案提出任务的建议，供人工取舍 / Propose the commitments of a work plan, for a clerk to decide.

    DOCUMENT 是文件，或者已发布文件的文号 / is a file, or the number of a published document.
    """
    from msgspec import to_builtins

    from publisher.workflow import propose_commitments as workflow

    path = Path(document)
    if path.is_file():
        plan = workflow.read_plan_file(path.read_bytes(), path.name)
    else:
        with context.log(read_only=True) as log:
            plan = workflow.find_plan(log, document)
    proposals = workflow.propose(plan)
    if target is not None:
        refuse_existing(target)
        target.write_bytes(workflow.write_rows(plan, proposals))
    if as_json:
        output.print_json(to_builtins(list(proposals.values())))
        return
    for number, one in proposals.items() if target is None else ():
        output.print_line(f"{number}  [{one.kind}] {one.task}")
        output.print_line(f"      {one.sentence}")
    output.print_message(
        f"提出{len(proposals)}项任务，请逐项核对：接受、改写或者不采用。没有写明的牵头单位和时限留空。",
        f"{len(proposals)} commitments are proposed; accept, change or drop each. Bodies and deadlines that "
        "the sentence does not state are blank.",
    )


COMMANDS: tuple[click.Command, ...] = (commitments,)
