"""Search on the sample data by our own judgements (``search/evaluation/sample``), set by set.

``python -m benchmarks.own_relevance [--engine elasticsearch --host ADDRESS] [--record]``. Asked as the
service asks: pinyin and slips are mended, fields are filters. ``--record`` keeps the figures that
CI holds search to. ``--save FILE`` keeps the run, ``--against FILE`` shows what got worse since.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from importlib.resources import files as resources
from pathlib import Path

import anyio
import msgspec

from publisher import settings
from publisher.indexing import span_to_document
from publisher.indexing.site_names import SiteNames
from publisher.log.log import Log
from publisher.sample import plan
from publisher.sample.load import load
from publisher.views.api.search_scope import scope_of
from search import find as search_find
from search.contract import Document, Hit, Page, Request, SearchEngine
from search.evaluation import __main__ as command
from search.evaluation import judgement_files, metrics
from search.evaluation.metrics import MEASURES, Report

DAY = date(2026, 1, 1)
SET = Path(str(resources("search"))) / "evaluation" / "sample"
RECORDED = SET / "recorded.json"
ALLOWED = 0.01
"""How much of a recorded figure may be lost."""

type Figures = Mapping[str, Mapping[str, float]]
"""Set → measure → mean. A set is the kind of its queries: name, part, question, number, body, topic, typo."""


@asynccontextmanager
async def site(home: Path) -> AsyncIterator[Log]:
    """The sample in an empty folder."""
    await anyio.to_thread.run_sync(
        lambda: load(home, plan.read(), base="http://127.0.0.1:8000", told=lambda *_: None)
    )
    place = settings.read(home, environ={})
    log = Log.open(place.database, sources=place.sources)
    yield log
    log.close()


def documents(log: Log) -> list[Document]:
    datasets = {d.name: (d, log.queries.catalogue(d.name)) for d in log.datasets.all()}
    found = (span_to_document.document(span, *datasets[span.dataset]) for span in log.queries.spans())
    return [document for document in found if document is not None]


async def report(log: Log, engine: SearchEngine) -> Report:
    await engine.rebuild(documents(log))
    names = SiteNames(log)
    fields = scope_of(log).fields()

    async def find(request: Request) -> Page:
        return (await search_find.find(engine, names, request, fields)).page

    judged = judgement_files.read_judgements(SET / "queries.tsv", SET / "qrels.tsv")
    return await metrics.ask(engine, judged, as_of=DAY.toordinal(), named=_named, find=find)


def _named(hit: Hit) -> str:
    return f"{hit.dataset}/{hit.title.text}"


def figures(found: Report) -> Figures:
    kinds = dict.fromkeys(query.id.rpartition("-")[0] for query in found.queries)
    return {
        kind: {
            m: sum(scores := [q.scores[m] for q in found.queries if q.id.startswith(f"{kind}-")])
            / len(scores)
            for m in MEASURES
        }
        for kind in kinds
    }


def recorded() -> Figures:
    known: Figures = json.loads(RECORDED.read_text(encoding="utf-8"))
    return known


def losses(now: Figures) -> list[str]:
    """Sets that lost more than :data:`ALLOWED` of a recorded figure, each as a line."""
    return [
        f"{kind} {m}: {before:.4f} → {now[kind][m]:.4f}"
        for kind, known in recorded().items()
        for m, before in known.items()
        if now[kind][m] < before * (1 - ALLOWED)
    ]


async def _run(engine: str, host: str) -> Report:
    with tempfile.TemporaryDirectory() as home:
        async with site(Path(home)) as log, command.opened(engine, host) as fresh:
            return await report(log, fresh)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    command.add_engine(parser)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--save", type=Path, metavar="FILE")
    parser.add_argument("--against", type=Path, metavar="FILE")
    asked = parser.parse_args()
    found = anyio.run(_run, asked.engine, asked.host)
    now = figures(found)
    for kind, values in now.items():
        print(f"{kind:10}", "  ".join(f"{m} {value:.4f}" for m, value in values.items()))
    print(f"{'all':10}", "  ".join(f"{m} {found.mean(m):.4f}" for m in MEASURES))
    for query in found.queries:
        if query.scores["ndcg@10"] < 1:
            print(f"  {query.scores['ndcg@10']:.3f}  {query.id}  {query.text}  {query.found[:4]}")
    if asked.against:
        earlier = msgspec.json.decode(asked.against.read_bytes(), type=Report)
        sys.stdout.writelines(command.compared(earlier, found))
    if asked.save:
        asked.save.write_bytes(msgspec.json.encode(found))
    if asked.record:
        rounded = {k: {m: round(v, 4) for m, v in values.items()} for k, values in now.items()}
        RECORDED.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    lost = losses(now)
    print("\n".join(lost) or "nothing lost")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
