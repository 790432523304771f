"""Feeds of 100 entries: a 304 compared with a bare Litestar handler, a cold render, publish to callback.

``python -m benchmarks.feeds``: ratios are of one run. Both servers are their own processes, alternate, and
share one core with the client.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from lxml import etree

from benchmarks import http
from benchmarks.support.limits import RUNS, Limit, alternate
from benchmarks.support.load import Server, etag_of, get, one_core
from benchmarks.support.servers import bare_server, our_server
from benchmarks.support.site import open_log
from tests.support.command import QINGDAN

BARS = {"304": 1.15, "cold": 2.0, "callback": 2.0}
"""Times a bare handler's, times lxml writing the same bytes, seconds."""
_FORMS = ("atom", "rss", "json")
_BATCH = 250
"""Requests to one server before those to the other."""


def limits(site: Path, _: int, requests: int = 5_000) -> Iterator[Limit]:
    """Measure feeds beside the libraries that write them, and their 304 beside a bare handler."""
    yield from cold(site)
    with one_core():
        yield from unchanged(site, requests)


def unchanged(home: Path, requests: int) -> Iterator[Limit]:
    """Compare the p50 of a 304, with one connection each and alternating batches of 250."""
    with our_server(home) as ours, bare_server(home / "bare.bodies") as bare:
        ours.settle()
        for form in _FORMS:
            ours.renew()
            bare.renew()
            path = f"/feeds/{http.DATASET}.{form}"
            head, _ = ours.ask(get(path))
            tag = etag_of(head)
            conditional, floor = get(path, f"if-none-match: {tag}"), get("/unchanged")
            ask, ask_bare = partial(ours.ask, conditional), partial(bare.ask, floor)
            turns = max(1, requests // (_BATCH * RUNS))
            pairs = alternate(ask, ask_bare, times=_BATCH, turns=turns)
            yield Limit(f"304 of a feed ({form})", "bare Litestar handler", pairs, BARS["304"], "validator")


def cold(home: Path) -> Iterator[Limit]:
    """Render from the log to bytes without a cache, beside lxml writing the same bytes."""
    from publisher.views.syndication import scope as scopes
    from publisher.views.syndication import selection
    from publisher.views.syndication.feed import build_feed, render

    log = open_log(home)
    scope = scopes.make_scope(dataset=http.DATASET)
    forms: tuple[scopes.Form, ...] = ("atom", "rss")
    for form in forms:

        def ours(form: scopes.Form = form) -> bytes:
            with log.snapshot():
                return render(build_feed(log, scope, selection.select_from_log(log, scope), form), form)

        pairs = alternate(ours, lxml_writer(ours()), times=5, turns=2, clock=time.process_time)
        between = "changes of the log, sentences, feedgen"
        name = f"a feed of 100 entries ({form})"
        yield Limit(name, "lxml, same elements", pairs, BARS["cold"], between)
    log.close()


def lxml_writer(feed: bytes) -> Callable[[], bytes]:
    """Return a function that writes the same feed by lxml alone."""
    root: Any = etree.fromstring(feed)
    attributes = dict(root.attrib)

    def write() -> bytes:
        copy = etree.Element(root.tag, attributes, root.nsmap)
        _add_copies(copy, children)
        return etree.tostring(copy, encoding="UTF-8", xml_declaration=True, pretty_print=True)

    children = _children(root)
    assert len(write()) > len(feed) * 0.99
    return write


type _Copy = tuple[str, dict[str, str], str | None, list[_Copy]]


def _children(element: Any) -> list[_Copy]:
    return [(one.tag, dict(one.attrib), one.text, _children(one)) for one in element]


def _add_copies(parent: Any, copies: list[_Copy]) -> None:
    for tag, attributes, text, children in copies:
        element = etree.SubElement(parent, tag, attributes)
        element.text = text
        _add_copies(element, children)


def callback(home: Path) -> Sequence[float]:
    """Measure ``qingdan publish`` with a running ``qingdan serve``, from start to callback, three times.

    → seconds of each.
    """
    from tests.support.servers.loopback import Answer, WebRequest, loopback_server

    environment = _environment(home)

    def run(*arguments: str) -> None:
        subprocess.run([*QINGDAN, *arguments], env=environment, check=True, capture_output=True)

    arrived = threading.Event()

    def hook(request: WebRequest, _: Callable[[bytes], None]) -> Answer:
        data = msgspec.json.decode(request.body)["data"]
        if "challenge" in data:
            return Answer(msgspec.json.encode({"challenge": data["challenge"]}))
        arrived.set()
        return Answer()

    with loopback_server() as desk:
        desk.answers["/hook"] = hook
        run("webhooks", "add", f"{desk.base}/hook", "--feed", "/feeds/all.atom", "--plain-http")
        details = (
            "--title",
            "测速",
            "--body",
            "示例市人民政府",
            "--licence",
            "CC0-1.0",
            "--contact",
            "bench",
        )
        run("dataset", "create", "desk", "--catalogue", "power-list", *details)
        with Server([*QINGDAN, "serve", "--work"], environment=environment):
            times = [_publish(run, arrived, home.parent, turn) for turn in range(3)]
    for seconds in times:
        print(f"from publish to the callback: {seconds:.2f} s; the bar is {BARS['callback']}")
    return times


def _environment(home: Path) -> dict[str, str]:
    """Return the environment of commands: an installed program has compiled modules, so this one has too."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return environment | {
        "PYTHONPYCACHEPREFIX": str(home.parent / "compiled"),
        "QINGDAN_HOME": str(home),
        "QINGDAN_LOOPBACK": "1",
    }


def _publish(run: Callable[..., None], arrived: threading.Event, folder: Path, turn: int) -> float:
    """Import and publish one row → seconds from the start of the publication until the callback."""
    file = folder / f"{turn}.csv"
    file.write_text(f"事项名称,权力类型,行使主体\n测速事项{turn},行政许可,市财政局\n", encoding="utf-8")
    run("import", str(file), "--dataset", "desk")
    arrived.clear()
    started = time.perf_counter()
    basis = ("--basis", "测〔2016〕1号", "--accept", "basis-missing")
    run("publish", "desk", "--effective-on", f"2016-01-0{turn + 1}", *basis)
    assert arrived.wait(60)
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "site"
        home.mkdir()
        http.build(home, 1_000)
        within_bars = []
        for limit in limits(home, 1_000, options.requests):
            print(limit.line(1_000))
            within_bars.append(limit.ratio <= limit.bar)
        within_bars.append(max(callback(home)) <= BARS["callback"])
    return 0 if all(within_bars) else 1


if __name__ == "__main__":
    raise SystemExit(main())
