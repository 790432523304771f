"""The ``export`` command: the state of a release as files, with checksums."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import click

from publisher.cli.context import NUMBER, CommandContext, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit
from schemas.words import Lang

_UNFINISHED = ".qingdan-export-"
"""Beginning of the name of a folder in that of the export, where a file is written before it is moved."""


class _Formats(click.Choice[str]):
    """The names of all file formats, loaded on first use because their module imports pyarrow."""

    def __init__(self) -> None:
        self.case_sensitive = True

    @cached_property
    def choices(self) -> Sequence[str]:  # type: ignore[override]
        from publisher.views.exports.formats import FILE_FORMATS

        return tuple(FILE_FORMATS)


@click.command()
@click.argument("dataset")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=_Formats(),
    help="格式，可重复，默认全部 / Kind of file; may be repeated; all by default.",
)
@click.option("--release", type=NUMBER, help="哪次发布，默认最近一次 / Which release; by default the newest.")
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
    formats: tuple[str, ...],
    release: int | None,
    folder: Path,
    lang: Lang,
) -> int:
    """将一次发布导出为文件，附 SHA256SUMS / Write a release as files, with SHA256SUMS."""
    from publisher.log.model import View
    from publisher.views.exports import write_state
    from publisher.views.exports.formats import FILE_FORMATS
    from publisher.web.file_cache import file_digest

    paths: list[Path] = []
    with context.log(read_only=True) as log, output.show_progress() as progress:
        view = View(release=release) if release else write_state.newest_view(log, dataset) or View()
        state = write_state.describe_state(log, dataset, view, lang)
        folder.mkdir(parents=True, exist_ok=True)
        names = formats or FILE_FORMATS
        for index, name in enumerate(names):
            progress("导出 export", index, len(names))
            number = state.release.number if state.release else 0
            paths.append(folder / f"{dataset}-{number}.{FILE_FORMATS[name].suffix}")
            writer = write_state.state_writer(log, state, FILE_FORMATS[name])
            with _unfinished_file(paths[-1]) as file, log.snapshot():
                writer(file)
            output.print_line(str(paths[-1]))
        if (note := log.proofs.checkpoint()) is not None:
            paths.append(folder / "checkpoint")
            paths[-1].write_text(note, encoding="utf-8")
            output.print_line(str(paths[-1]))
    lines = {path.name: f"{file_digest(path)}  {path.name}\n" for path in paths}
    sums = folder / "SHA256SUMS"
    sums.write_text("".join((_read_sums(sums) | lines).values()), encoding="utf-8")
    return Exit.OK


def _read_sums(sums: Path) -> dict[str, str]:
    """Read the lines of files that an earlier export wrote into the folder, by name."""
    if not sums.exists():
        return {}
    lines = sums.read_text(encoding="utf-8").splitlines(keepends=True)
    names = ((line.partition("  ")[2].rstrip("\n"), line) for line in lines)
    return {name: line for name, line in names if (sums.parent / name).is_file()}


@contextmanager
def _unfinished_file(path: Path) -> Iterator[Path]:
    """Yield the path of a file to write, which is moved to ``path`` if the block succeeds."""
    folder = path.parent / f"{_UNFINISHED}{path.name}"
    shutil.rmtree(folder, ignore_errors=True)  # left by a command that was killed
    folder.mkdir()
    try:
        yield folder / path.name
        (folder / path.name).replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


COMMANDS: tuple[click.Command, ...] = (export,)
