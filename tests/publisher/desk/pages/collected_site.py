"""A desk over a site that collects from a government site on loopback, under the two-person rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from publisher.harvest.all_sources import HarvestOptions, harvest_sources
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import read_sources
from publisher.log.log import Log
from publisher.settings import Settings
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.datasets import create_dataset
from tests.support.desk import DeskSite, desk_site
from tests.support.government import html, letter, listing, page
from tests.support.servers.loopback import Loopback, loopback_server

DOCUMENTS, SOURCE = "zhengce", "anshan"
NOTICE = "鞍山市人民政府关于废止部分规范性文件的决定"


def create_documents(log: Log) -> None:
    """Create the list of documents, whose publications need two persons."""
    create_dataset(
        log,
        DOCUMENTS,
        "policies",
        title="示例市政策文件",
        title_en="Documents",
        division="210300",
        two_persons=True,
    )


def publish_documents(web: Loopback) -> None:
    """Publish a good letter, one without a number, and a notice that repeals the first."""
    body = (
        "<p>鞍政发〔2016〕8号</p><p>根据上级规定，决定废止下列文件：</p>"
        f"<p>1.《{letter(1)[0]}》（鞍政发〔2015〕1号）</p><p>鞍山市人民政府</p><p>2016年5月6日</p>"
    )
    web.answers["/d/1.html"] = html(page(1))
    web.answers["/d/2.html"] = html(page(2, number="鞍政发号", extra="<p>下一页</p>"))
    web.answers["/d/3.html"] = html(
        f"<html><head><title>{NOTICE}</title></head><body><h1>{NOTICE}</h1>"
        f"<div class='TRS_Editor'>{body}</div></body></html>"
    )
    titles = {1: letter(1)[0], 2: letter(2)[0], 3: NOTICE}
    web.answers["/list.html"] = listing(
        [(f"/d/{n}.html", title, "2016-05-06") for n, title in titles.items()]
    )


def write_source(home: Path, web: Loopback, more: str = "") -> None:
    """Write the file of sources. ``more``: further keys."""
    (home / "sources.toml").write_text(
        f"[{SOURCE}]\ntitle = '鞍山市人民政府'\ndataset = '{DOCUMENTS}'\nhosts = ['{web.host}']\n"
        f"lists = ['{web.base}/list.html']\npace = 0.0\n{more}\n",
        encoding="utf-8",
    )


def collect_documents(log: Log, settings: Settings, clock: Callable[[], datetime]) -> SourceReport:
    """Collect as the command does."""
    sources = [*read_sources(settings.home, [one.name for one in log.datasets.all()]).values()]
    options = HarvestOptions(clock, loopback=True)
    report = harvest_sources(log, sources, options, catalogues=lambda _: None, progress=lambda *_: None)
    return report.sources[0]


@dataclass
class CollectedDesk:
    """A desk with a site to collect from."""

    desk: DeskSite
    web: Loopback

    def collect(self) -> SourceReport:
        return collect_documents(self.desk.log, self.desk.settings, self.desk.clock)


@contextmanager
def collected_desk(home: Path, clock: Clock) -> Iterator[CollectedDesk]:
    """Open a desk whose site names the source, which nobody collected yet."""
    url = sqlite.new(home / "qingdan.db")
    with loopback_server() as web, desk_site(home, url, clock, QINGDAN_LOOPBACK="1") as desk:
        create_documents(desk.log)
        publish_documents(web)
        write_source(home, web)
        yield CollectedDesk(desk, web)
