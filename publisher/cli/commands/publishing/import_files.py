"""The ``import`` command: files of departments into the draft."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import click

from publisher.cli.context import CommandContext, with_context
from publisher.cli.terminal import import_report, output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.language import current_language

if TYPE_CHECKING:
    from publisher.workflow.import_files import InputFile
    from publisher.workflow.import_report import ImportReport


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dataset", required=True, help="数据集 / The dataset.")
@click.option("--part", help="报送部门，默认从文件名识别 / The part; by default taken from the file name.")
@click.option("--dry-run", is_flag=True, help="试运行：只检查，不写入 / Dry run: nothing is written.")
@click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象 / Print one JSON object.")
@click.option(
    "--partial",
    is_flag=True,
    help="文件只含一部分，其余保留 / The file holds only a share; nothing is removed.",
)
@click.option("--without-errors", is_flag=True, help="略去有误的行 / Leave the rows in error out.")
@click.option(
    "--annotate",
    metavar="OUT.xlsx",
    type=click.Path(path_type=Path),
    help="将带批注的工作簿写入此文件（几个文件时写入此文件夹） / Write the workbook back, with a comment at "
    "each finding; of several files into this folder.",
)
@with_context
def import_(
    context: CommandContext,
    files: tuple[Path, ...],
    dataset: str,
    part: str | None,
    *,
    dry_run: bool,
    as_json: bool,
    partial: bool,
    without_errors: bool,
    annotate: Path | None,
) -> int:
    """读入表格到草稿，逐行列出问题 / Read files into the draft and report problems row by row."""
    from publisher.workflow.import_files import InputFile, import_files

    _check_target(annotate, files)
    for file in files:
        _check_input(file)
    inputs = [InputFile(file.name, file.read_bytes()) for file in files]
    with context.log() as log, output.show_progress() as progress:
        report = import_files(
            log,
            dataset,
            inputs,
            catalogue=context.dataset_catalogue(log, dataset),
            part=part,
            dry_run=dry_run,
            without_errors=without_errors,
            partial=partial,
            progress=progress,
        )
    if as_json:
        output.print_json(report.to_json())
    else:
        import_report.show_report(report)
        import_report.print_next_step(report)
    if annotate is not None:
        for workbook, target in zip(inputs, _list_targets(annotate, files), strict=True):
            _write_annotated(target, workbook, report)
    return Exit.REFUSED if report.refused else Exit.OK


def _check_input(path: Path) -> None:
    """Refuse what would never end or not fit, before it is read: pipes, devices, files over the limit."""
    from publisher.ingest.formats.grid import MAX_FILE

    status = path.stat()
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):  # a folder is refused later
        raise click.BadParameter(
            f"{path} 是管道或设备，不是文件 / {path} is a pipe or device, not a file", param_hint="FILE"
        )
    if status.st_size > MAX_FILE:
        sizes = f"{status.st_size >> 20} MiB > {MAX_FILE >> 20} MiB"
        raise click.BadParameter(
            f"{path} 太大（{sizes}），请按部门或类别分成几个文件 / {path} is too large ({sizes}); split it",
            param_hint="FILE",
        )


def _check_target(target: Path | None, files: tuple[Path, ...]) -> None:
    if target is None:
        return
    if len(files) > 1 and not target.is_dir():
        raise click.UsageError(
            f"--annotate：读入几个文件时应指定文件夹，{target} 不是 / --annotate: for several files "
            f"it names a folder, which {target} is not"
        )
    if len(files) == 1 and target.suffix.casefold() != ".xlsx":
        raise click.UsageError(
            f"--annotate：文件名应以 .xlsx 结尾：{target} / --annotate: the name of {target} ends in .xlsx"
        )
    folder = target if len(files) > 1 else target.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise click.UsageError(
            f"--annotate：不能写入文件夹 {folder} / --annotate: the folder {folder} cannot be written"
        )
    if len(files) == 1 and (target.is_dir() or (target.exists() and not os.access(target, os.W_OK))):
        raise click.UsageError(f"--annotate：不能写入 {target} / --annotate: {target} cannot be written")
    targets = _list_targets(target, files)
    if len(set(targets)) < len(files):
        raise click.UsageError("--annotate：有几个文件同名 / --annotate: several files have one name")
    if {path.resolve() for path in targets} & {path.resolve() for path in files}:
        raise click.UsageError("--annotate 不能覆盖原文件 / --annotate cannot replace the file itself")


def _list_targets(target: Path, files: tuple[Path, ...]) -> list[Path]:
    """Return the annotated workbook of each file; of several, in a folder under their names."""
    return [target] if len(files) == 1 else [target / f"{file.stem}.xlsx" for file in files]


def _write_annotated(target: Path, file: InputFile, report: ImportReport) -> None:
    from publisher.workflow.annotation.annotate_workbook import annotate_workbook

    findings = [finding for finding in report.findings if finding.file == file.name]
    annotated = annotate_workbook(file.data, file.name, findings, lang=current_language())
    target.write_bytes(annotated.data)
    output.print_message(
        f"已写出 {target}：{annotated.cells}个单元格有批注，全部问题见工作表“{annotated.findings_sheet}”。",
        f"Wrote {target}: {annotated.cells} cells with a comment; all findings are in the sheet "
        f"{annotated.findings_sheet}.",
    )
    if annotated.converted:
        output.print_message(
            "原文件不是 .xlsx，已转换：文字和合并单元格保留，格式和公式不保留。",
            "The file is not an .xlsx workbook and was converted: texts and merged cells stay, formats and "
            "formulas do not.",
        )
    if annotated.without_macros:
        output.print_message("宏没有保留。", "Macros were left out.")


COMMANDS: tuple[click.Command, ...] = (import_,)
