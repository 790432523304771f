"""The demo: builds the site of the sample data and serves it."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import click

from publisher.sample import plan, site_folder
from publisher.sample.site_folder import DemoError

HOST = "127.0.0.1"
PORT = 8000


def run_demo(home: Path, port: int, desk_port: int | None = None) -> None:
    """Build the site unless it is complete, and serve it and its desk until Ctrl-C.

    ``desk_port``: by default the port after ``port``. Raises :class:`DemoError`.
    """
    from publisher.sample.serve import serve  # noqa: PLC0415 - building needs no web server

    desk_port = port % 65535 + 1 if desk_port is None else desk_port
    for one in (port, desk_port):
        _check_port(one)  # before the seconds that the publication takes
    with site_folder.lock_folder(home):
        build_site(home, f"http://{HOST}:{port}")
        serve(home, port, desk_port)


def build_site(home: Path, base: str) -> None:
    """Load the sample unless it is complete; the remains of an interrupted load are replaced."""
    sample_plan = plan.read_plan()
    digest = plan.digest(base)
    if site_folder.is_complete(home, digest):
        print_message(f"演示站点已在 {home}，无需重建。", f"The demo site is in {home} already.")
        return
    from publisher.sample.load import publish_plan  # noqa: PLC0415 - a complete site needs no engine

    print_message(f"正在 {home} 建立演示站点……", f"Creating the demo site in {home} …")
    start = time.monotonic()
    site_folder.begin(home, digest)
    publish_plan(home, sample_plan, base=base, progress=_show_progress)
    site_folder.finish(home, digest)
    seconds = time.monotonic() - start
    print_message(
        f"已建立{len(sample_plan.dataset)}个数据集、{sample_plan.releases}次发布，用时{seconds:.1f}秒。",
        f"{len(sample_plan.dataset)} datasets and {sample_plan.releases} releases in {seconds:.1f} s.",
    )


def _check_port(port: int) -> None:
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise port_taken(port, error) from error


def port_taken(port: int, error: OSError) -> DemoError:
    """Return the error of a port that another program uses."""
    return DemoError(
        f"不能使用 {HOST}:{port}（{error.strerror}）：请另选，如 make demo PORT=8100（工作台用下一个端口），"
        "或 --port 8100 --desk-port 8200。",
        f"{HOST}:{port} is not available ({error.strerror}): choose another, such as make demo PORT=8100 "
        "(the desk takes the next port), or --port 8100 --desk-port 8200.",
    )


def _show_progress(number: int, total: int, title: str) -> None:
    click.echo(f"  [{number:2}/{total}] {title}", err=True)


def print_message(zh: str, en: str) -> None:
    """Print a message to stderr in both languages."""
    click.echo(f"{zh}\n{en}", err=True)
