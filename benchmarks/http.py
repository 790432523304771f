"""HTTP latency of the API, compared with a bare Litestar handler that returns the same bytes.

``python -m benchmarks.http``: builds a site of synthetic power items and serves it and the bare handler in
one process each (same server, same settings, loopback). This process sends requests to both over one
keep-alive connection each, alternating and all on one core, so that noise affects both. Every request is
distinct.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

from benchmarks.support.limits import RUNS, Limit, alternate
from benchmarks.support.load import Server, get, one_core
from benchmarks.support.servers import bare_server, our_server
from benchmarks.support.site import new_site, open_log, publish
from publisher.indexing import span_to_document
from publisher.log.model import DraftEntry, RecordQuery
from publisher.log.predicate import And, AnyValue
from publisher.settings import read_settings
from schemas.definition.catalogue import Content
from search.embedded.engine import EmbeddedEngine
from tests.support.datasets import create_dataset

DATASET = "bench-power-list"
BAR = 3.0
"""Maximum p50 of one record, as a multiple of the bare handler's."""
_TURN = 250
"""Requests to one server before switching to the other."""

_DEPARTMENTS = [
    *("市应急管理局", "市统计局", "市财政局", "市民政局", "市教育局"),
    *("市公安局", "市司法局", "市水务局", "市农业农村局", "市商务局"),
]
_TYPES = ["行政许可", "行政处罚", "行政强制", "行政检查", "行政确认", "其他行政权力"]
_VERBS = ["审批", "核准", "备案", "登记", "处罚", "检查", "注销", "变更", "延续", "换发"]
_THINGS = [
    *("危险化学品", "食品经营", "特种设备", "建设工程", "道路运输", "医疗机构", "民办学校", "社会团体"),
    *("户外广告", "城市供水", "河道采砂", "种子生产", "动物防疫", "烟花爆竹", "安全评价", "统计调查"),
    *("会计代理", "旅行社", "娱乐场所", "出版物"),
]


def items(count: int) -> list[dict[str, str]]:
    """Generate distinct power items of about 400 characters, the same in every run."""
    draw = random.Random(2015)
    power_items = []
    for number in range(count):
        thing, verb = draw.choice(_THINGS), draw.choice(_VERBS)
        name = f"{thing}{draw.choice(_THINGS)}{verb}(第{number}项)"
        basis = "；".join(
            f"《{draw.choice(_THINGS)}管理条例》第{draw.randrange(1, 90)}条：{thing}单位应当依法{verb}，"
            f"由{draw.choice(_DEPARTMENTS)}负责{draw.choice(_THINGS)}监督管理"
            for _ in range(4)
        )
        power_items.append(
            {
                "name": name,
                "power_type": draw.choice(_TYPES),
                "actor": draw.choice(_DEPARTMENTS),
                "basis": basis,
            }
        )
    return power_items


def build(home: Path, count: int) -> None:
    """Build a site with a key, and one release of ``count`` records, published and indexed."""
    log = new_site(home)
    log.keys.create()
    dataset = create_dataset(log, DATASET, "power-list", division="210300")
    catalogue = log.queries.catalogue(DATASET)
    contents: list[Content] = [
        {k: [v] if catalogue.by_name[k].type == "list" else v for k, v in item.items()}
        for item in items(count)
    ]
    publish(log, DATASET, map(DraftEntry, contents), date(2015, 1, 1))
    documents = (span_to_document.build_document(span, dataset, catalogue) for span in log.queries.spans())
    engine = EmbeddedEngine(read_settings(home, {}).index)

    async def index() -> None:
        await engine.index(document for document in documents if document is not None)
        await engine.mark(1)
        await engine.close()

    asyncio.run(index())
    log.close()


def record_requests(home: Path, count: int) -> list[str]:
    log = open_log(home)
    ids: list[str] = []
    after = None
    while len(ids) < count:
        page = log.queries.records(DATASET, RecordQuery(limit=1000, after=after, count=False))
        ids += [state.id for state in page.records]
        after = page.after
        if after is None:
            break
    log.close()
    random.Random(1).shuffle(ids)
    return [f"/v1/datasets/{DATASET}/records/{record}" for record in ids[:count]]


def list_requests(count: int) -> list[str]:
    """Generate addresses of lists of 20: two filters, one of four orders, and a distinct day each."""
    draw = random.Random(2)
    orders = ["name", "-name", "power_type,name", "-actor"]
    paths: dict[str, None] = {}
    while len(paths) < count:
        day = date(2016, 1, 1) + timedelta(days=draw.randrange(3000))
        query = (
            f"actor={quote(draw.choice(_DEPARTMENTS))}&power_type={quote(draw.choice(_TYPES))}"
            f"&sort={draw.choice(orders)}&as_of={day}"
        )
        paths[f"/v1/datasets/{DATASET}/records?{query}"] = None
    return list(paths)


def search_requests(count: int) -> list[str]:
    """Generate addresses of searches for 2 to 8 characters of the records' texts, with three facets."""
    draw = random.Random(3)
    texts = [item["name"] + item["basis"] for item in items(2000)]
    paths: dict[str, None] = {}
    while len(paths) < count:
        text, length = draw.choice(texts), draw.randrange(2, 9)
        start = draw.randrange(len(text) - length)
        paths[f"/v1/search?q={quote(text[start : start + length])}&facets=dataset,body,type"] = None
    return list(paths)


def measure(name: str, paths: Sequence[str], ours: Server, home: Path) -> dict[str, float | str]:
    """Get the bodies for the bare handler in a first pass; measure alternately with it in the second."""
    ours.renew()
    bodies = [ours.ask(get(path))[1] for path in paths]
    mine: list[float] = []
    base: list[float] = []
    with bare_server(home / "bare.bodies", bodies) as bare:
        for start in range(0, len(paths), _TURN):
            turn = range(start, min(start + _TURN, len(paths)))
            _renew(bare)
            for number in turn:
                milliseconds, body = bare.time_request(get(f"/bare/{DATASET}/{number}"))
                assert body == bodies[number]
                base.append(milliseconds)
            _renew(ours)
            mine += [ours.time_request(get(paths[number]))[0] for number in turn]
    ours_cuts, bare_cuts = statistics.quantiles(mine, n=100), statistics.quantiles(base, n=100)
    return {
        "name": name,
        "requests": len(paths),
        "bytes": round(statistics.mean(map(len, bodies))),
        "p50_ms": round(ours_cuts[49], 3),
        "p99_ms": round(ours_cuts[98], 3),
        "bare_p50_ms": round(bare_cuts[49], 3),
        "bare_p99_ms": round(bare_cuts[98], 3),
        "p50_ratio": round(ours_cuts[49] / bare_cuts[49], 2),
        "p99_ratio": round(ours_cuts[98] / bare_cuts[98], 2),
    }


def _renew(server: Server) -> None:
    """Reconnect, and send a first request that is not measured."""
    server.renew()
    server.ask(get("/healthz"))


def limits(site: Path, records: int) -> Iterator[Limit]:
    """Measure one record and lists of 20 over HTTP beside the bare handler."""
    requests = min(records, 500)
    tasks = [
        ("one record", record_requests(site, RUNS * requests), BAR, "validator, SQL, the answer's JSON"),
        (
            "a list of 20",
            list_requests(RUNS * requests),
            8.0,
            "the same, an exact total, 20 contents, cursor",
        ),
    ]
    with one_core(), our_server(site) as ours:
        ours.settle()
        for name, paths, bar, between in tasks:
            runs = [
                measure(name, paths[start : start + requests], ours, site)
                for start in range(0, len(paths), requests)
            ]
            pairs = [(float(run["p50_ms"]), float(run["bare_p50_ms"])) for run in runs]
            yield Limit(name, "bare Litestar handler, same bytes", pairs, bar, between)
    yield first_lists(site)


_MATCHES = """
SELECT s.record FROM value a CROSS JOIN value b CROSS JOIN span s
WHERE a.dataset = 1 AND a.field = 'actor' AND a.text = ?
  AND b.revision = a.revision AND b.field = 'power_type' AND b.text = ?
  AND s.revision = a.revision AND s.status = 'stated'
  AND s.known_from <= ? AND s.known_to > ? AND s.effective_from <= ? AND s.effective_to > ?
ORDER BY s.title, s.record
"""
_CONTENTS = """
SELECT r.id, v.title, v.content, v.hash, s.effective_from, s.known_from
FROM span s JOIN record r ON r.key = s.record JOIN revision v ON v.key = s.revision
WHERE s.record IN (SELECT value FROM json_each(?))
"""


def first_lists(site: Path) -> Limit:
    """Measure lists of filters that nobody has asked for yet, in this process, beside the SQL alone.

    The list over HTTP is usually one whose beginning is in memory; this one never is.
    """
    log = open_log(site)
    raw = sqlite3.connect(read_settings(site, {}).database.removeprefix("sqlite:///"))
    pairs = list(itertools.product(_DEPARTMENTS, _TYPES))
    random.Random(4).shuffle(pairs)
    ours_next, raw_next = iter(pairs), iter(pairs)
    now = (2**61, 2**61, 737_000, 737_000)  # an instant after every release, and a day of 2018, as ordinal

    def ours() -> None:
        actor, power_type = next(ours_next)
        where = And((AnyValue("actor", "=", (actor,)), AnyValue("power_type", "=", (power_type,))))
        assert len(log.queries.records(DATASET, RecordQuery(where=where)).records) == 20

    def alone() -> None:
        keys = [key for (key,) in raw.execute(_MATCHES, (*next(raw_next), *now))]
        assert len(raw.execute(_CONTENTS, [json.dumps(keys[:20])]).fetchall()) == 20

    measured = alternate(ours, alone, times=5, turns=4, clock=time.process_time)
    log.close()
    raw.close()
    name, limit = "a list of 20, the first of its filters", "its two statements, raw sqlite3"
    return Limit(name, limit, measured, 2.0, "choice of the plan, SQLAlchemy")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--only-records", action="store_true", help="leave lists and searches out")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "site"
        home.mkdir()
        build(home, options.requests)
        with one_core(), our_server(home) as ours:
            figures = []
            tasks = [
                ("one record", record_requests(home, options.requests)),
                ("20 records of a list", list_requests(options.requests)),
                ("search with three facets", search_requests(options.requests)),
            ]
            for name, paths in tasks[: 1 if options.only_records else None]:
                figures.append(measure(name, paths, ours, home))
                print("  ".join(f"{key}={value}" for key, value in figures[-1].items()), file=sys.stderr)
    ratio = figures[0]["p50_ratio"]
    if options.json:
        print(json.dumps(figures))
    else:
        print(f"one record: {ratio} times the bare handler's p50; the bar is {BAR}")
    return 0 if float(ratio) <= BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())
