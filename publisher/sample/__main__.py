"""Command ``python -m publisher.sample load``: builds the demo site; ``qingdan demo`` serves it too."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from publisher.sample import demo, site_folder
from publisher.sample.site_folder import DemoError


@click.group()
def main() -> None:
    """示例数据 / The sample data."""


@main.command()
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="站点文件夹 / The site's folder.",
)
def load(home: Path) -> None:
    """建立演示站点 / Create the demo site."""
    try:
        with site_folder.lock_folder(home):
            demo.build_site(home, f"http://{demo.HOST}:{demo.PORT}")
    except DemoError as error:
        demo.print_message(error.zh, error.en)
        sys.exit(1)


if __name__ == "__main__":
    main()
