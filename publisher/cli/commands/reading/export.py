"""The ``export`` command: whole states as files, with checksums."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import click

from publisher.cli.context import CommandContext, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit

_UNFINISHED = ".qingdan-export"
"""Folder of files in the making, inside the folder of the export: a file gets its name when it is whole."""


class _Formats(click.Choice[str]):
    """The names of all file formats, loaded on first use because their module imports pyarrow."""

    def __init__(self) -> None:
        self.case_sensitive = True

    @cached_property
    def choices(self) -> Sequence[str]:  # type: ignore[override]
        from publisher.views.exports.formats import FORMS

        return tuple(FORMS)


@click.command()
@click.argument("dataset")
@click.option(
    "--format",
    "forms",
    multiple=True,
    type=_Formats(),
    help="格式，可重复，默认全部 / Kind of file; may be repeated; all by default.",
)
@click.option(
    "--release", type=click.IntRange(1), help="哪次发布，默认最近一次 / Which release; by default the newest."
)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="写入哪个文件夹 / Into which folder.",
)
@click.option(
    "--headers",
    "lang",
    type=click.Choice(["zh", "en"]),
    default="zh",
    show_default=True,
    help="表头的语言 / Language of the headings.",
)
@with_context
def export(
    context: CommandContext,
    dataset: str,
    forms: tuple[str, ...],
    release: int | None,
    folder: Path,
    lang: str,
) -> int:
    """将一次发布导出为文件，附 SHA256SUMS / Write a release as files, with SHA256SUMS."""
    from publisher.log.model import View
    from publisher.views.exports import write_state
    from publisher.views.exports.formats import FORMS
    from publisher.web.file_cache import file_digest

    sums = []
    with context.log(read_only=True) as log, output.show_progress() as progress:
        view = View(release=release) if release else write_state.newest_view(log, dataset) or View()
        state = write_state.describe_state(log, dataset, view, "en" if lang == "en" else "zh")
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / _UNFINISHED
        shutil.rmtree(unfinished, ignore_errors=True)  # left by a command that was killed
        unfinished.mkdir()
        names = forms or FORMS
        for index, name in enumerate(names):
            progress("导出 export", index, len(names))
            number = state.release.number if state.release else 0
            path = folder / f"{dataset}-{number}.{FORMS[name].suffix}"
            try:
                with log.snapshot():
                    write_state.state_writer(log, state, FORMS[name])(unfinished / path.name)
                (unfinished / path.name).replace(path)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
            sums.append(f"{file_digest(path)}  {path.name}\n")
            output.print_line(str(path))
        shutil.rmtree(unfinished)
        if (note := log.proofs.checkpoint()) is not None:
            path = folder / "checkpoint"
            path.write_text(note, encoding="utf-8")
            sums.append(f"{file_digest(path)}  {path.name}\n")
            output.print_line(str(path))
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    return Exit.OK


COMMANDS: tuple[click.Command, ...] = (export,)
