"""The command ``demo``: a site with sample data, to look at."""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.terminal.failures import CommandError


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="演示站点的文件夹 / Folder of the demo site.",
)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="端口 / Port.")
@click.option(
    "--desk-port",
    type=click.IntRange(1, 65535),
    help="工作台的端口，默认为下一个 / Port of the desk; by default the next one.",
)
def demo(folder: Path, port: int, desk_port: int | None) -> None:
    """建立演示站点并提供服务，工作台也在内 / Publish the sample data into a folder; serve it and a desk."""
    from publisher.sample.demo import run_demo
    from publisher.sample.site_folder import DemoError

    try:
        run_demo(folder, port, desk_port)
    except DemoError as error:
        raise CommandError("demo", error.zh, error.en) from error


COMMANDS: tuple[click.Command, ...] = (demo,)
