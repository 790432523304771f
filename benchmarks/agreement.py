"""Do the two engines answer alike? ``python -m benchmarks.agreement [--address …] [--again SHARE] [folder]``.

On each judged set, with one shard: the share of queries for which both name the same set with the same total
and return the same ten as a set, ties at the tenth aside. ``--again`` writes that share of documents twice
first, as releases do that change records: what was replaced still counts in some statistics until a merge.
Without an address a server is started as the tests do.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import anyio

from benchmarks.relevance import SETS
from search.contract import SearchEngine
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from search.embedded.engine import EmbeddedEngine
from search.evaluation import engine_agreement, judgement_files
from tests.support import elasticsearch as elasticsearch_server

FLOOR = 0.95
SHOWN = 5


async def filled(engine: SearchEngine, corpus: Path, again: float) -> None:
    documents = list(judgement_files.read_corpus(corpus))
    await engine.rebuild(documents)
    if again:
        chosen = documents[:: max(1, round(1 / again))]
        await engine.index([replace(d, version=d.version + len(documents)) for d in chosen])


async def measured(folder: Path, address: str, again: float) -> bool:
    """Whether every set is alike enough."""
    enough = True
    for corpus in dict.fromkeys(SETS.values()):
        with tempfile.TemporaryDirectory() as index:
            embedded = EmbeddedEngine(Path(index))
            cluster = ElasticsearchEngine(Connection((address,), alias="qingdan-agreement", timeout=60))
            for engine in (embedded, cluster):
                await filled(engine, folder / corpus / "corpus.jsonl.gz", again)
            for name in (name for name, held in SETS.items() if held == corpus):
                judged = judgement_files.read_judgements(
                    folder / name / "queries.tsv", folder / name / "qrels.tsv"
                )
                found = await engine_agreement.compare(embedded, cluster, [q.text for q in judged], as_of=1)
                enough = enough and found.share >= FLOOR
                print(
                    f"{name:18} {found.queries} queries, {100 * found.share:.1f} % alike (floor 95 %)",
                    flush=True,
                )
                for one in found.differing[:SHOWN]:
                    print(f"    {one.query}: {one.only_one} | {one.only_other}")
            await cluster.rebuild([])
            await embedded.close()
            await cluster.close()
    return enough


def main() -> int:
    default = Path(__file__).resolve().parents[2] / "shared" / "data" / "search-eval"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--address", help="a server that is there already")
    parser.add_argument("--again", type=float, default=0.0, metavar="SHARE")
    asked = parser.parse_args()
    with ExitStack() as stack:
        address = asked.address or stack.enter_context(elasticsearch_server.running(java_options="")).address
        return 0 if anyio.run(measured, asked.folder, address, asked.again) else 1


if __name__ == "__main__":
    sys.exit(main())
