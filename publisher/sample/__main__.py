"""Command ``python -m publisher.sample``: ``demo`` builds and serves the demo site, ``load`` builds it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from publisher.sample import plan, site_folder
from publisher.sample.site_folder import FolderError

_HOST = "127.0.0.1"
_PORT = 8000


@click.group()
def main() -> None:
    """示例数据 / The sample data."""


@main.command()
@click.option(
    "--home", type=click.Path(path_type=Path), required=True, help="站点文件夹 / The site's folder."
)
def load(home: Path) -> None:
    """建立演示站点 / Create the demo site."""
    with _report_errors(), site_folder.lock_folder(home):
        _build_site(home, f"http://{_HOST}:{_PORT}")


@main.command()
@click.option("--home", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=_PORT, show_default=True)
def demo(home: Path, port: int) -> None:
    """建立演示站点并提供服务 / Create the demo site and serve it."""
    from publisher.sample.serve import serve  # noqa: PLC0415 - `load` needs no web server

    base = f"http://{_HOST}:{port}"
    with _report_errors(), site_folder.lock_folder(home):
        _build_site(home, base)
        serve(home, base, host=_HOST, port=port)


def _build_site(home: Path, base: str) -> None:
    """Load the sample unless it is complete; the remains of an interrupted load are replaced."""
    sample_plan = plan.read_plan()
    digest = plan.digest(base)
    if site_folder.is_complete(home, digest):
        _print_message(f"演示站点已在 {home}，无需重建。", f"The demo site is in {home} already.")
        return
    from publisher.sample.load import load as publish  # noqa: PLC0415 - a complete site needs no engine

    _print_message(f"正在 {home} 建立演示站点……", f"Creating the demo site in {home} …")
    started = time.monotonic()
    site_folder.begin(home, digest)
    publish(home, sample_plan, base=base, progress=_show_progress)
    site_folder.finish(home, digest)
    took = time.monotonic() - started
    _print_message(
        f"已建立{len(sample_plan.dataset)}个数据集、{sample_plan.releases}次发布，用时{took:.1f}秒。",
        f"{len(sample_plan.dataset)} datasets and {sample_plan.releases} releases in {took:.1f} s.",
    )


def _show_progress(number: int, total: int, title: str) -> None:
    click.echo(f"  [{number:2}/{total}] {title}", err=True)


def _print_message(zh: str, en: str) -> None:
    click.echo(f"{zh}\n{en}", err=True)


@contextmanager
def _report_errors() -> Iterator[None]:
    """Report errors that the user can fix in two lines, without a traceback."""
    try:
        yield
    except FolderError as error:
        _print_message(error.zh, error.en)
        sys.exit(1)


if __name__ == "__main__":
    main()
