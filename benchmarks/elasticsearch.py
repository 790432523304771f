"""Elasticsearch through our layer beside the same bodies sent raw: searching and building.

``python -m benchmarks.elasticsearch [articles.jsonl.gz] [--address …] [--documents N]``. Without an address a
server is started as the tests do. A first round learns which bodies the layer sends; then caches are emptied
and every query goes three ways, each first in turn: through a layer that has learned nothing yet, raw with
all that the layer sends (its search and the counts beside it, in the same calls), and raw with the searches
alone. Raw searches do nothing with the answers.
The raw loop that builds computes the same bodies and sends them by ``helpers.async_bulk``.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import anyio
from elasticsearch import AsyncElasticsearch
from elasticsearch.helpers import async_bulk

from benchmarks.search_speed import LENGTHS, TODAY, articles, at, queries
from search.chinese import thesaurus
from search.contract import Document, Request
from search.elastic import mapping, multi_search, search
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from tests.support import elasticsearch as elasticsearch_server

FACETS = ("type", "body", "year")
ALIAS = "qingdan-benchmark"
EACH = 60
"""Queries of a length."""


async def built_raw(client: AsyncElasticsearch, documents: list[Document]) -> float:
    analyzer, _ = thesaurus.load()
    name = f"{ALIAS}-raw"
    await client.options(ignore_status=404).indices.delete(index=name)
    settings = mapping.settings(shards=1, replicas=0) | {"refresh_interval": "-1"}
    await client.indices.create(
        index=name, settings=settings, mappings=mapping.mappings(mapping.facet_fields())
    )

    async def actions() -> AsyncIterator[dict[str, Any]]:
        for document in documents:
            _, source = mapping.written(document, analyzer)
            yield {"_index": name, "_id": document.span, "_source": json.loads(source)}

    started = time.perf_counter()
    await async_bulk(client, actions(), chunk_size=500)
    await client.indices.refresh(index=name)
    spent = time.perf_counter() - started
    await client.indices.delete(index=name)
    return len(documents) / spent


async def built(client: AsyncElasticsearch, engine: ElasticsearchEngine, documents: list[Document]) -> None:
    raw = await built_raw(client, documents)
    started = time.perf_counter()
    await engine.rebuild(documents)
    ours = len(documents) / (time.perf_counter() - started)
    print(f"reindex of {len(documents)}: {ours:.0f}/s; raw loop {raw:.0f}/s; ratio {ours / raw:.2f}")


async def sent_by(engine: ElasticsearchEngine, text: str) -> list[list[dict[str, Any]]]:
    """What the layer sends for a query, call by call: the counts, and the search last."""
    sent: list[list[dict[str, Any]]] = []
    sending = multi_search.several

    async def told(client: AsyncElasticsearch, bodies: Sequence[Any], **more: Any) -> Any:
        sent.append([dict(body) for body in bodies])
        return await sending(client, bodies, **more)

    search.several = told
    try:
        await engine.search(Request(text, as_of=TODAY, facets=FACETS))
    finally:
        search.several = sending
    return sent


async def searched(client: AsyncElasticsearch, connection: Connection, asked: Sequence[str]) -> None:
    engine = ElasticsearchEngine(connection)
    sent = {text: await sent_by(engine, text) for text in asked}
    await engine.close()
    engine = ElasticsearchEngine(connection)
    await engine.search(Request("", as_of=TODAY))
    await client.indices.clear_cache(index=ALIAS)

    async def through(text: str) -> None:
        await engine.search(Request(text, as_of=TODAY, facets=FACETS))

    async def the_same(text: str) -> None:
        for call in sent[text]:
            await client.msearch(searches=[part for body in call for part in ({"index": ALIAS}, body)])

    async def searches_alone(text: str) -> None:
        for call in sent[text]:
            await client.search(index=ALIAS, **call[-1])

    ways = [("through the layer", through), ("raw", the_same), ("raw, searches alone", searches_alone)]
    spent: dict[str, list[float]] = {name: [] for name, _ in ways}
    for number, text in enumerate(asked):
        for turn in range(len(ways)):
            name, way = ways[(number + turn) % len(ways)]
            started = time.perf_counter()
            await way(text)
            spent[name].append(1000 * (time.perf_counter() - started))
    await engine.close()
    ours = at(spent["through the layer"], 0.5)
    for name, values in spent.items():
        print(f"{name}: p50 {at(values, 0.5):.1f} ms, p99 {at(values, 0.99):.1f} ms ({len(values)} queries)")
        if name != "through the layer":
            print(f"  the layer's p50 is {ours / at(values, 0.5):.2f} times that")
    calls = sum(map(len, sent.values())) / len(sent)
    print(f"{calls:.2f} calls a query")


async def measure(address: str, path: Path, count: int | None) -> None:
    connection = Connection((address,), alias=ALIAS, timeout=60)
    engine = ElasticsearchEngine(connection)
    documents = list(islice(articles(path), count))
    draw = random.Random(7)
    asked = [text for length in LENGTHS for text in queries(documents, length, draw)[:EACH]]
    draw.shuffle(asked)
    async with AsyncElasticsearch(address, request_timeout=100) as client:
        await built(client, engine, documents)
        del documents
        gc.freeze()
        await searched(client, connection, asked)
        for name in await client.indices.get(index=f"{ALIAS}-*"):
            await client.indices.delete(index=name)
    await engine.close()


def main() -> None:
    default = Path(__file__).resolve().parents[2] / "shared" / "data" / "laws" / "articles.jsonl.gz"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", nargs="?", type=Path, default=default)
    parser.add_argument("--address", help="a server that is there already")
    parser.add_argument("--documents", type=int, help="only the first N")
    asked = parser.parse_args()
    with ExitStack() as stack:
        address = asked.address or stack.enter_context(elasticsearch_server.running(java_options="")).address
        anyio.run(measure, address, asked.articles, asked.documents)


if __name__ == "__main__":
    main()
