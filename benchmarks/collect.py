"""Collection of 10,000 pages from a loopback site: pages/s, memory; parsing compared with trafilatura.

``python -m benchmarks.collect [PAGES]``. The pages consist of articles of ``data/laws`` with typical menus,
labels and tables; a fifth is in GB 18030 but declares GB2312. The site runs in its own process. After every
tenth of the pages a line reports their cost: processor time per page must not grow with the pages read
before, and memory must not grow by more than the database's cache of up to 128 MiB. Without the data the
benchmark reports that and measures nothing.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import batched, islice
from pathlib import Path

import trafilatura

from benchmarks.support.memory import current_memory, peak_memory
from benchmarks.support.site import new_site
from benchmarks.support.timing import Timer
from publisher.harvest.all_sources import HarvestOptions, harvest_sources
from publisher.harvest.crawl import DOCUMENTS_STEP
from publisher.harvest.source_config import read_sources
from publisher.ingest.documents import official_document, page_lines
from publisher.ingest.formats import text_encoding
from schemas.definition.file_loader import load_catalogue
from tests.support import shared_data
from tests.support.datasets import create_dataset

PER_PAGE = 12
"""Articles of a page."""
PARSED_PAGES = 400
"""Pages on which parsing is compared."""
MOST_RATIO = 2
"""Bar of parsing, relative to trafilatura."""
_MENU = "".join(f'<li><a href="/zwgk/{n}/">政务公开栏目{n}</a></li>' for n in range(40))
_MONTHS = 12


def pages() -> Iterator[bytes]:
    """Generate pages until the data ends."""
    with gzip.open(shared_data.require("laws", "articles.jsonl.gz"), "rt", encoding="utf-8") as file:
        for n, articles in enumerate(batched(map(json.loads, file), PER_PAGE), start=1):
            text = _page(n, articles)
            yield text.encode("gb18030") if n % 5 == 0 else text.encode()


def _page(n: int, articles: tuple[dict[str, str], ...]) -> str:
    law = articles[0]["law"]
    title = f"关于印发《{law}》第{n}部分的通知"
    paragraphs = "".join(f"<p>{one['article']} {one['text']}</p>" for one in articles)
    rows = "".join(f"<tr><td>{m}</td><td>第{m}项任务</td><td>市直各部门</td></tr>" for m in range(1, 6))
    day = f"20{n % 20 + 1:02}年{n % _MONTHS + 1}月{n % 28 + 1}日"
    charset = "gb2312" if n % 5 == 0 else "utf-8"
    return (
        f'<!DOCTYPE html><html><head><meta charset="{charset}"><title>{title}_鞍山市人民政府</title>'
        f'<meta name="ArticleTitle" content="{title}"><meta name="PubDate" content="2015-11-05">'
        f'</head><body><div class="nav"><ul>{_MENU}</ul></div><h1>{title}</h1>'
        f"<p>信息来源：鞍山市人民政府 发布时间：2015-11-05 浏览次数：{n}</p>"
        f'<div class="TRS_Editor"><p>鞍政发〔20{n % 20 + 1:02}〕{n}号</p>'
        f"<p>各县(市)区人民政府：</p>{paragraphs}"
        f"<table><tr><th>序号</th><th>任务</th><th>责任单位</th></tr>{rows}</table>"
        f"<p>鞍山市人民政府</p><p>{day}</p></div><div class='footer'><ul>{_MENU}</ul></div></body></html>"
    )


def serve(count: int) -> None:
    """Serve the site in this process: print its port, stop at the end of standard input."""
    from tests.support.servers.loopback import Answer, loopback_server

    with loopback_server() as site:
        links = []
        for n, body in enumerate(islice(pages(), count), start=1):
            site.answers[f"/d/{n}.html"] = Answer(body, headers={"Content-Type": "text/html"})
            links.append(f"<url><loc>{site.base}/d/{n}.html</loc></url>")
        index = f"<?xml version='1.0'?><urlset>{''.join(links)}</urlset>"
        site.answers["/sitemap.xml"] = Answer(index.encode())
        print(site.host, flush=True)
        sys.stdin.read()


def measure_collection(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        command = [sys.executable, "-m", "benchmarks.collect", "serve", str(count)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as site:
            assert site.stdout is not None
            host = site.stdout.readline().strip()
            _collect(home, host, count)
            site.communicate("")


def _collect(home: Path, host: str, count: int) -> None:
    (home / "sources.toml").write_text(
        f"[laws]\ntitle='laws'\ndataset='laws'\nhosts=['{host}']\nsitemaps=['http://{host}/sitemap.xml']\n"
        "pace=0.0\n",
        encoding="utf-8",
    )
    log = new_site(home)
    create_dataset(log, "laws", "policies")
    now = datetime.now(UTC)
    tenths = Tenths(count)
    timer = Timer()
    report = harvest_sources(
        log,
        tuple(read_sources(home).values()),
        HarvestOptions(loopback=True),
        catalogues=log.queries.catalogue,
        progress=tenths,
    ).sources[0]
    seconds, cpu = timer.seconds(), timer.cpu_seconds()
    memory = peak_memory()
    tenths.print_growth()
    size = sum(path.stat().st_size for path in (home / "sources").rglob("*") if path.is_file())
    print(
        f"collected  {report.read + report.copies} of {count} pages in {seconds:.1f} s: "
        f"{count / seconds:.0f} pages/s ({cpu:.1f} s of CPU), peak memory {memory:.0f} MiB, "
        f"evidence {size / count / 1024:.1f} KiB a page"
    )
    findings = dict(Counter(f.code for f in report.findings))
    print(f"           {report.copies} copies, {report.asked} requests, findings {findings}")
    timer = Timer()
    log.releases.publish("laws", effective_on=now.date(), without_errors=True)
    print(f"published  as one release in {timer.seconds():.1f} s, peak memory by then {peak_memory()} MiB")
    log.close()


class Tenths:
    """Reports the progress of a run by tenths, with the cost of each."""

    def __init__(self, count: int) -> None:
        self._count, self._step, self._printed = count, max(count // 10, 1), 0
        self._timer = Timer()
        self._costs: list[float] = []
        self._memory: list[float] = []

    def __call__(self, step: str, documents: int, _total: int | None) -> None:
        if step == DOCUMENTS_STEP and documents >= self._printed + self._step:
            pages = documents - self._printed
            self._costs.append(1000 * self._timer.cpu_seconds() / pages)
            self._memory.append(current_memory())
            print(
                f"           {documents:6} of {self._count}: {pages / self._timer.seconds():4.0f} pages/s, "
                f"{self._costs[-1]:5.1f} ms of CPU a page, {self._memory[-1]:4.0f} MiB now",
                flush=True,
            )
            self._timer, self._printed = Timer(), documents

    def print_growth(self) -> None:
        if len(self._costs) > 1:
            grown = self._costs[-1] / self._costs[1]
            more = self._memory[-1] - self._memory[0]
            print(f"           a page of the last tenth took {grown:.2f} times the CPU of one of the second;")
            print(
                f"           memory grew by {more:.0f} MiB since the first (the database's cache: up to 128)"
            )


def compare_parsing() -> bool:
    """Compare CPU time with trafilatura, which extracts the text and a few labels of the same pages.

    → whether the bar is met.
    """
    some = list(islice(pages(), PARSED_PAGES))
    catalogue = load_catalogue("policies")

    def ours() -> None:
        for data in some:
            text, _ = text_encoding.decode(data)
            official_document.read_page(
                page_lines.parse_html(text), name="p", digest="", media_type="", catalogue=catalogue
            )

    def theirs() -> None:
        for data in some:
            trafilatura.extract(data, output_format="markdown", with_metadata=True)

    times = {}
    for name, run in (("trafilatura", theirs), ("qingdan", ours)) * 2:
        timer = Timer()
        run()
        times[name] = timer.cpu_seconds()  # keeps the second run, when all modules are loaded
    ratio = times["qingdan"] / times["trafilatura"]
    times_text = ", ".join(
        f"{name} {1000 * seconds / PARSED_PAGES:.2f} ms" for name, seconds in times.items()
    )
    print(f"parsing    a page: {times_text}; ratio {ratio:.2f} (bar: {MOST_RATIO:g})")
    return ratio <= MOST_RATIO


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["serve"]:
        serve(int(arguments[1]))
        return 0
    if shared_data.folder() is None:
        print("the laws are not here; nothing is measured")
        return 0
    within_bar = compare_parsing()
    measure_collection(int(arguments[0]) if arguments else 10_000)
    return 0 if within_bar else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
