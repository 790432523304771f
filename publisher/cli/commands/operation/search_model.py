"""Commands about the model of the language, with which search finds by meaning."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from publisher.cli.context import CommandContext, with_context
from publisher.cli.download import DownloadError, download
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError
from search.semantic.model import ARTIFACT, LICENCE, NAME, ModelError, install_model, locate_jar

_LARGEST = 64 << 20
"""Bytes of a download. The jar has 16 MB."""


@click.group()
def model() -> None:
    """按意思搜索所用的模型 / Model for search by meaning."""


@model.command()
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE",
    help="模型的 jar 文件，或解压后的文件夹 / Jar of the model, or the folder with its files.",
)
@click.option(
    "--mirror",
    metavar="URL",
    help="从 Maven 镜像下载 / Download from this mirror of Maven.",
)
@with_context
def install(context: CommandContext, source: Path | None, mirror: str | None) -> None:
    """安装模型，默认取 Maven 已下载的 / Install the model, by default from the local repository of Maven."""
    if source is not None and mirror is not None:
        raise click.UsageError("--from 和 --mirror 只能用一个 / use --from or --mirror, not both")
    with context.log(read_only=True):
        pass  # there is a site
    try:
        if mirror is not None:
            with tempfile.TemporaryDirectory(prefix="qingdan-model-") as folder:
                install_model(_download(locate_jar(mirror), Path(folder)), context.settings.model)
        else:
            install_model(source or _local_jar(), context.settings.model)
    except ModelError as error:
        raise CommandError("bad-model", error.zh, error.en) from error
    output.print_message(
        f"已安装模型{NAME}（北京智源人工智能研究院，许可证 {LICENCE}）：{context.settings.model}。"
        "由 qingdan serve 或 qingdan work 编码，进度见 qingdan status。",
        f"Installed the model {NAME} (by BAAI, licence {LICENCE}) in {context.settings.model}. "
        "qingdan serve or qingdan work encodes the records; qingdan status shows how many.",
    )


def _local_jar() -> Path:
    """Return the jar in the local repository of Maven. Raises :class:`CommandError`."""
    jar = Path(locate_jar(Path.home() / ".m2" / "repository"))
    if not jar.is_file():
        raise CommandError(
            "no-model",
            f"本机没有模型文件。请运行 mvn dependency:get -Dtransitive=false -Dartifact={ARTIFACT}，"
            "或用 --mirror 指明 Maven 镜像，或用 --from 指明 jar 文件。",
            f"The model is not on this machine. Run mvn dependency:get -Dtransitive=false "
            f"-Dartifact={ARTIFACT}, or name a mirror of Maven with --mirror, or the jar with --from.",
            exit_code=Exit.NOT_FOUND,
        )
    return jar


def _download(address: str, folder: Path) -> Path:
    """Download the jar. Raises :class:`CommandError`."""
    jar = folder / "model.jar"
    try:
        download(address, jar, most_bytes=_LARGEST)
    except DownloadError as error:
        raise CommandError(
            "no-download",
            f"无法下载{address}。请检查网址和网络，或用 --from 安装已下载的文件。详情：{error}",
            f"Cannot download {address}. Check the address and the network, or install a downloaded file "
            f"with --from. Details: {error}",
            exit_code=Exit.UNAVAILABLE,
        ) from error
    return jar


COMMANDS: tuple[click.Command, ...] = (model,)
