"""Scores an engine on a labelled set (``python -m search.evaluation --help``).

Files follow TREC: the corpus is JSON Lines (optionally gzipped) with ``id`` and ``text``, and ``law`` and
``article`` or ``title`` for a title; ``queries.tsv`` (id, text); ``qrels.tsv`` (id, 0, document, grade).
Every run builds an index of its corpus alone and deletes it.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import msgspec

from search.contract import SearchEngine
from search.embedded.engine import EmbeddedEngine
from search.evaluation import judgement_files, metrics
from search.evaluation.metrics import Report
from search.evaluation.model_choice import add_model, choose_encoder, describe_model
from search.semantic.encoder import Encoder


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m search.evaluation", description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--qrels", type=Path, required=True)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_engine(parser)
    add_model(parser)
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep this run")
    parser.add_argument("--against", type=Path, metavar="FILE", help="show what got worse since a kept run")
    options = parser.parse_args(arguments)
    earlier = msgspec.json.decode(options.against.read_bytes(), type=Report) if options.against else None
    encoder = choose_encoder(options)
    report = anyio.run(_report, options, encoder)
    if options.save:
        options.save.write_bytes(msgspec.json.encode(report))
    if options.json:
        json.dump({"model": describe_model(encoder), **report.figures()}, sys.stdout)
        sys.stdout.write("\n")
        return
    sys.stdout.write(f"{'model':14} {describe_model(encoder)}\n")
    for name, value in report.figures().items():
        sys.stdout.write(f"{name:14} {value:.4f}\n" if isinstance(value, float) else f"{name:14} {value}\n")
    if earlier is not None:
        sys.stdout.writelines(format_comparison(earlier, report))


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of :func:`open_engine`."""
    parser.add_argument("--engine", choices=("embedded", "elasticsearch"), default="embedded")
    parser.add_argument("--host", default="http://127.0.0.1:9200", help="of Elasticsearch")


def format_comparison(before: Report, after: Report) -> list[str]:
    """List the queries that got worse as a table, with a count of those that got better."""
    changes = metrics.compare_runs(before.queries, after.queries)
    worse = [c for c in changes if c.after < c.before]
    better = len(changes) - len(worse)
    lines = [f"\n{len(worse)} worse, {better} better (nDCG@10 before, after; lost; gained)\n"]
    for change in worse:
        lost, gained = (" ".join(names) or "-" for names in (change.lost, change.gained))
        lines.append(f"{change.before:.4f}  {change.after:.4f}  {change.id}  {change.text}\n")
        lines.append(f"    - {lost}\n    + {gained}\n")
    return lines


async def _report(options: argparse.Namespace, encoder: Encoder | None) -> Report:
    judged = judgement_files.read_judgements(options.queries, options.qrels)
    async with open_engine(options.engine, options.host, encoder) as engine:
        return await metrics.evaluate(engine, judgement_files.read_corpus(options.corpus), judged)


@asynccontextmanager
async def open_engine(name: str, host: str, encoder: Encoder | None = None) -> AsyncIterator[SearchEngine]:
    """Open an empty engine, whose index is deleted afterwards."""
    if name == "embedded":
        with tempfile.TemporaryDirectory() as folder:
            engine = EmbeddedEngine(Path(folder), encoder=encoder)
            yield engine
            await engine.close()
        return
    from elasticsearch import AsyncElasticsearch  # noqa: PLC0415 - the client takes 0.3 s to load

    from search.elastic.connection import Connection  # noqa: PLC0415
    from search.elastic.engine import ElasticsearchEngine  # noqa: PLC0415

    alias = f"qingdan-judged-{secrets.token_hex(4)}"
    cluster = ElasticsearchEngine(Connection((host,), alias=alias, timeout=60, deadline=60), encoder=encoder)
    try:
        yield cluster
    finally:
        await cluster.close()
        async with AsyncElasticsearch(host) as client:
            for index in await client.indices.get(index=f"{alias}-*", features=["aliases"]):
                await client.indices.delete(index=index)


if __name__ == "__main__":
    main()
