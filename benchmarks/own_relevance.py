"""Relevance on the sample data by our own judgements (``search/evaluation/sample``), set by set.

``python -m benchmarks.own_relevance [--engine elasticsearch --host ADDRESS] [--record]``. Searches run as in
the service, with corrections and field filters. ``--record`` stores the figures that CI requires.
``--save FILE`` saves the run, ``--against FILE`` lists what got worse since then.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
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
from publisher.sample.load import publish_plan
from publisher.views.api.search_scope import make_search_scope
from search import find as search_find
from search.contract import Document, Hit, Page, Request, SearchEngine
from search.evaluation import __main__ as command
from search.evaluation import judgement_files, metrics, model_choice
from search.evaluation.metrics import MEASURES, Report
from search.semantic.encoder import Encoder

DAY = date(2026, 1, 1)
SET = Path(str(resources("search"))) / "evaluation" / "sample"
RECORDED = SET / "recorded.json"
MOST_LOSS = 0.01
"""Largest loss of a recorded figure that is accepted, as a share."""

type Figures = Mapping[str, Mapping[str, float]]
"""Set → measure → mean. A set is the kind of its queries: name, part, question, number, body, topic, typo."""


@asynccontextmanager
async def site(home: Path) -> AsyncIterator[Log]:
    """Load the sample into an empty folder."""
    await anyio.to_thread.run_sync(
        lambda: publish_plan(home, plan.read_plan(), base="http://127.0.0.1:8000", progress=lambda *_: None)
    )
    place = settings.read_settings(home, environ={})
    log = Log.open(place.database, sources=place.sources)
    with closing(log):
        yield log


def documents(log: Log) -> list[Document]:
    datasets = {d.name: (d, log.queries.catalogue(d.name)) for d in log.datasets.all()}
    documents_of_site = (
        span_to_document.build_document(span, *datasets[span.dataset]) for span in log.queries.spans()
    )
    return [document for document in documents_of_site if document is not None]


async def report(log: Log, engine: SearchEngine) -> Report:
    await engine.rebuild(documents(log))
    await metrics.encode_all(engine)
    names = SiteNames(log)
    fields = make_search_scope(log).fields()

    async def find(request: Request) -> Page:
        return (await search_find.find(engine, names, request, fields)).page

    judged = judgement_files.read_judgements(SET / "queries.tsv", SET / "qrels.tsv")
    return await metrics.run_queries(engine, judged, as_of=DAY.toordinal(), label_of=_label_of, find=find)


def _label_of(hit: Hit) -> str:
    return f"{hit.dataset}/{hit.title.text}"


def figures(report: Report) -> Figures:
    kinds = dict.fromkeys(query.id.rpartition("-")[0] for query in report.queries)
    return {
        kind: {
            m: sum(scores := [q.scores[m] for q in report.queries if q.id.startswith(f"{kind}-")])
            / len(scores)
            for m in MEASURES
        }
        for kind in kinds
    }


def read_recorded() -> Figures:
    recorded_figures: Figures = json.loads(RECORDED.read_text(encoding="utf-8"))
    return recorded_figures


def losses(now: Figures) -> list[str]:
    """List the sets that lost more than :data:`MOST_LOSS` of a recorded figure, one line each."""
    return [
        f"{kind} {m}: {before:.4f} → {now[kind][m]:.4f}"
        for kind, recorded_figures in read_recorded().items()
        for m, before in recorded_figures.items()
        if now[kind][m] < before * (1 - MOST_LOSS)
    ]


async def _run(engine: str, host: str, encoder: Encoder | None) -> Report:
    with tempfile.TemporaryDirectory() as home:
        async with site(Path(home)) as log, command.open_engine(engine, host, encoder) as fresh:
            return await report(log, fresh)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    command.add_engine(parser)
    model_choice.add_model(parser)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--save", type=Path, metavar="FILE")
    parser.add_argument("--against", type=Path, metavar="FILE")
    options = parser.parse_args()
    encoder = model_choice.choose_encoder(options)
    print(f"model {model_choice.describe_model(encoder)}")
    report = anyio.run(_run, options.engine, options.host, encoder)
    now = figures(report)
    for kind, values in now.items():
        print(f"{kind:10}", "  ".join(f"{m} {value:.4f}" for m, value in values.items()))
    print(f"{'all':10}", "  ".join(f"{m} {report.mean(m):.4f}" for m in MEASURES))
    for query in report.queries:
        if query.scores["ndcg@10"] < 1:
            print(f"  {query.scores['ndcg@10']:.3f}  {query.id}  {query.text}  {query.top_ids[:4]}")
    if options.against:
        earlier = msgspec.json.decode(options.against.read_bytes(), type=Report)
        sys.stdout.writelines(command.format_comparison(earlier, report))
    if options.save:
        options.save.write_bytes(msgspec.json.encode(report))
    if options.record:
        rounded = {k: {m: round(v, 4) for m, v in values.items()} for k, values in now.items()}
        RECORDED.write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    lost = losses(now)
    print("\n".join(lost) or "nothing lost")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
