"""Agreement of the two engines.

``python -m benchmarks.search.agreement [--address …] [--again SHARE] [folder]``.

It prints, for each judged set and one shard, the share of queries for which both engines return the same set
of hits, the same total and the same first ten, except for ties at the tenth. ``--again`` first writes that
share of documents twice, as releases with changed records do: replaced documents count in some statistics
until a merge. Without an address, a server is started as in the tests.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import anyio
from msgspec import structs

from benchmarks.relevance import SETS
from benchmarks.support.laws import data_path
from search.contract import SearchEngine
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from search.embedded.engine import EmbeddedEngine
from search.evaluation import engine_agreement, judgement_files
from tests.support.servers import elasticsearch as elasticsearch_server

FLOOR = 0.95
MAX_PRINTED = 5


async def fill(engine: SearchEngine, corpus: Path, again: float) -> None:
    documents = list(judgement_files.read_corpus(corpus))
    await engine.rebuild(documents)
    if again:
        chosen = documents[:: max(1, round(1 / again))]
        await engine.index([structs.replace(d, version=d.version + len(documents)) for d in chosen])


async def measure(folder: Path, address: str, again: float) -> bool:
    """Compare the engines; return whether the agreement on every set reaches :data:`FLOOR`."""
    is_reached = True
    for corpus in dict.fromkeys(SETS.values()):
        with tempfile.TemporaryDirectory() as index:
            embedded = EmbeddedEngine(Path(index))
            cluster = ElasticsearchEngine(
                Connection((address,), alias="qingdan-agreement", timeout=60, deadline=60)
            )
            for engine in (embedded, cluster):
                await fill(engine, folder / corpus / "corpus.jsonl.gz", again)
            for name in (name for name, corpus_of_set in SETS.items() if corpus_of_set == corpus):
                judged = judgement_files.read_judgements(
                    folder / name / "queries.tsv", folder / name / "qrels.tsv"
                )
                agreement = await engine_agreement.compare(
                    embedded, cluster, [q.text for q in judged], as_of=1
                )
                is_reached = is_reached and agreement.share >= FLOOR
                print(
                    f"{name:18} {agreement.queries} queries, {agreement.share:.1%} alike (floor {FLOOR:.0%})",
                    flush=True,
                )
                for one in agreement.differing[:MAX_PRINTED]:
                    print(f"    {one.query}: {one.only_one} | {one.only_other}")
            await cluster.rebuild([])
            await embedded.close()
            await cluster.close()
    return is_reached


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=data_path("search-eval"))
    parser.add_argument("--address", help="a server that is there already")
    parser.add_argument("--again", type=float, default=0.0, metavar="SHARE")
    options = parser.parse_args()
    with ExitStack() as stack:
        address = (
            options.address or stack.enter_context(elasticsearch_server.running(java_options="")).address
        )
        return 0 if anyio.run(measure, options.folder, address, options.again) else 1


if __name__ == "__main__":
    sys.exit(main())
