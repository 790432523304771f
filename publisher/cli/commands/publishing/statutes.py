"""The ``statutes`` commands: what is known of statutes, for the checks of bases."""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.commands.publishing.built_in_datasets import BODY, CONTACT, create_if_missing
from publisher.cli.context import CommandContext, with_context
from publisher.cli.terminal import import_report, output
from publisher.cli.terminal.exit_codes import Exit

_CATALOGUE = "statutes"


@click.group()
def statutes() -> None:
    """法律法规清单，供核对依据 / The list of statutes against which bases are checked."""


@statutes.command("import")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dataset", default="statutes", show_default=True, help="数据集 / The dataset.")
@BODY
@CONTACT
@with_context
def import_statutes(
    context: CommandContext, files: tuple[Path, ...], dataset: str, body: str | None, contact: str | None
) -> int:
    """读入法律法规清单到草稿，默认为随程序提供的废止清单 / Read a list of statutes into the draft."""
    from publisher import checks
    from publisher.workflow.import_files import InputFile, import_files

    shipped = Path(checks.__path__[0]) / "statutes.csv"
    inputs = [InputFile(file.name, file.read_bytes()) for file in files or (shipped,)]
    with context.log() as log, output.show_progress() as progress:
        create_if_missing(
            *(context, log, dataset, _CATALOGUE),
            body=body,
            contact=contact,
            description="公开法律文本的废止条款所废止的法律、法规、规章，供核对清单的依据。",
            notice="由公开法律文本的废止条款整理，不完整；以公布的文本为准。",
            labels=("partial",),
            source_note="法律、法规、规章、司法解释的废止条款；每行写明废止它的文件、版本和条款。",
        )
        report = import_files(log, dataset, inputs, progress=progress)
    import_report.show_report(report)
    if report.staged and not report.refused:
        output.print_message(
            f"已写入草稿。发布：qingdan publish {dataset} --effective-on 日期",
            "In the draft. Publish it with the command above.",
        )
    return Exit.REFUSED if report.refused else Exit.OK


COMMANDS: tuple[click.Command, ...] = (statutes,)
