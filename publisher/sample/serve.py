"""Server of the demo site and process of its desk, with a guide of pages to open."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import click

from publisher import app, settings
from publisher.heavy_work import perform
from publisher.log.log import Log
from publisher.sample.demo import HOST, port_taken
from publisher.sample.desk_accounts import invite_demo_accounts
from publisher.sample.site_folder import DemoError
from publisher.site_command import site_process
from search.embedded.engine import EmbeddedEngine

_SEARCH = "危險化學品經營許可"
"""A query in traditional characters."""
_RECORD_WITH_HISTORY = ("shili-power-list", "危险化学品经营许可")
"""A record with a history: its promised limit was reduced."""
_DESK_SECONDS = 30
"""Seconds in which the desk has to start."""


def serve(home: Path, port: int, desk_port: int) -> None:
    """Serve site and desk until Ctrl-C.

    Raises :class:`DemoError` if the port is in use or the desk does not start.
    """
    base, desk = f"http://{HOST}:{port}", f"http://{HOST}:{desk_port}"
    site_settings = settings.read_settings(home, environ={})
    log = Log.open(site_settings.database, sources=site_settings.sources, public=True)
    environ = {name: text for name, text in os.environ.items() if not name.startswith("QINGDAN_")}
    links = invite_demo_accounts(site_settings, desk)
    desk_command = ("desk", "--host", HOST, "--port", str(desk_port))
    try:
        # Ctrl-C is the normal end of a demo.
        with (
            suppress(KeyboardInterrupt),
            site_process(home, *desk_command, environ={**environ, "QINGDAN_DESK_BASE": desk}),
            site_process(home, "work", environ=environ),
        ):
            engine = EmbeddedEngine(site_settings.index)
            service = app.create_app(site_settings, log=log, search=engine, perform=perform)
            text = "\n".join([build_guide(log, base), links, "按 Ctrl-C 结束。 / Ctrl-C ends it."])
            _await_port(desk_port)
            try:
                app.serve(service, host=HOST, port=port, on_start=lambda: click.echo(text))
            except OSError as error:
                raise port_taken(port, error) from error
    finally:
        log.close()


def _await_port(port: int) -> None:
    """Wait until the desk accepts connections. Raises :class:`DemoError` if it does not start."""
    deadline = time.monotonic() + _DESK_SECONDS
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError as error:
            if time.monotonic() > deadline:
                words = ("工作台没有启动，原因见上。", "The desk did not start; see above.")
                raise DemoError(*words) from error
            time.sleep(0.05)
        else:
            return


def build_guide(log: Log, base: str) -> str:
    """Return the list of pages to open, in Chinese and English."""
    dataset, title = _RECORD_WITH_HISTORY
    record = next(state.id for state in log.queries.find_by_title(dataset, title) if state.title == title)
    rows = (
        ("首页", "the first page", "/"),
        ("搜索，支持繁体字", "a search, in traditional characters", f"/search?q={quote(_SEARCH)}"),
        ("一个条目及其历次变化", "a record and its history", f"/datasets/{dataset}/records/{record}"),
        ("比较两次发布", "two releases compared", f"/datasets/{dataset}/compare?from=1&to=2"),
        ("历史日期的清单", "the list on a past date", f"/datasets/{dataset}?as_of=2024-03-01"),
        ("订阅：示例市收费的变化", "a feed: what changed in the charges", "/feeds/shili-fees.atom"),
        ("开发者说明：示例与接口", "for developers: examples and the API", "/developers"),
    )
    lines = [f"  {base}{path}\n      {zh} / {en}" for zh, en, path in rows]
    return "\n".join(["请打开 / Open:", *lines])
