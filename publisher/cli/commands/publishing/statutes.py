"""The ``statutes`` commands: what is known of statutes, for the checks of bases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from publisher.cli.commands.publishing.built_in_datasets import BODY, CONTACT, describe_if_missing
from publisher.cli.context import CommandContext, with_context
from publisher.cli.terminal import import_report, output
from publisher.cli.terminal.exit_codes import Exit

if TYPE_CHECKING:
    from publisher.workflow.import_files import InputFile

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
    """读入法律法规清单到草稿，默认为随程序提供的清单 / Read a list of statutes into the draft.

    也可以是条文（JSON Lines）：写入的只有版本、条数和校验值，不含条文。
    """
    from publisher.checks.shipped_statutes import REPEALS, read_shipped_statutes
    from publisher.workflow.import_files import InputFile, import_files

    inputs = [_input_file(file) for file in files] or [InputFile(REPEALS.name, read_shipped_statutes())]
    with context.log() as log, output.show_progress() as progress:
        definition = context.catalogue(_CATALOGUE)
        new_dataset = describe_if_missing(
            log,
            dataset,
            definition,
            body=body,
            contact=contact,
            description="法律、法规、规章的版本和废止情况，供核对清单的依据；不含条文。",
            notice="由公开法律文本整理，不完整；以公布的文本为准。",
            labels=("partial",),
            source_note="公开法律文本的标题、日期、条数和条文校验值；废止写明所依据的文件、版本和条款。",
        )
        report = import_files(
            log, dataset, inputs, catalogue=definition, new_dataset=new_dataset, progress=progress
        )
    import_report.show_report(report)
    import_report.print_next_step(report)
    return Exit.REFUSED if report.refused else Exit.OK


def _input_file(file: Path) -> InputFile:
    from publisher.checks.shipped_statutes import write_statutes
    from publisher.workflow.import_files import InputFile
    from publisher.workflow.statute_editions import (
        DamagedTextsError,
        NotTextsError,
        contains_texts,
        editions_from_texts,
    )

    data = file.read_bytes()
    try:
        if not contains_texts(data):
            return InputFile(file.name, data)
        rows = editions_from_texts(data)
    except DamagedTextsError as error:
        raise click.BadParameter(
            f"{file.name}: 文件损坏、不完整或不是 UTF-8 编码，没有读入，请重新取得 / the file is damaged, "
            "incomplete or not in UTF-8, and was not read; get it again"
        ) from error
    except NotTextsError as error:
        raise click.BadParameter(
            f"{file.name}: 第{error.line}行不是条文 / line {error.line} is not an article"
        ) from error
    return InputFile(f"{file.name}.csv", write_statutes(rows))


COMMANDS: tuple[click.Command, ...] = (statutes,)
