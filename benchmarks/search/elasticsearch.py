"""Overhead of our layer over Elasticsearch: searching and indexing, compared with the same raw requests.

``python -m benchmarks.search.elasticsearch [articles.jsonl.gz] [--address …] [--documents N]``. Without an
address, a server is started as in the tests. A first round records the bodies that the layer sends. Then
caches are cleared and every query runs in three ways, whose order rotates: through a fresh layer, raw with
all requests of the layer (its search and the counts, in the same calls), and raw with the searches alone.
Raw searches ignore the responses. For indexing, the raw loop computes the same bodies and sends them by
``helpers.async_bulk``. With an installed model documents are encoded and queries also searched by meaning.
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
from unittest.mock import patch

import anyio
from elasticsearch import AsyncElasticsearch
from elasticsearch.helpers import async_bulk

from benchmarks.search.speed import LENGTHS, TODAY, articles, queries
from benchmarks.support.laws import ARTICLES, data_path
from benchmarks.support.timing import quantile
from search.chinese import thesaurus
from search.contract import Document, Request
from search.elastic import mapping, multi_search, search
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine
from search.evaluation import metrics, model_choice
from search.semantic.encoder import Encoder
from tests.support.servers import elasticsearch as elasticsearch_server

FACETS = ("type", "body", "year")
ALIAS = "qingdan-benchmark"
QUERIES_PER_LENGTH = 60
"""Number of queries for each length."""


async def build_raw(client: AsyncElasticsearch, documents: list[Document]) -> float:
    analyzer, _ = thesaurus.load_language()
    name = f"{ALIAS}-raw"
    await client.options(ignore_status=404).indices.delete(index=name)
    settings = mapping.build_settings(shards=1, replicas=0) | {"refresh_interval": "-1"}
    await client.indices.create(
        index=name, settings=settings, mappings=mapping.build_mappings(mapping.list_facet_fields())
    )

    async def actions() -> AsyncIterator[dict[str, Any]]:
        for document in documents:
            _, source = mapping.write_document_lines(document, analyzer)
            yield {"_index": name, "_id": document.span, "_source": json.loads(source)}

    started = time.perf_counter()
    await async_bulk(client, actions(), chunk_size=500)
    await client.indices.refresh(index=name)
    spent = time.perf_counter() - started
    await client.indices.delete(index=name)
    return len(documents) / spent


async def compare_building(
    client: AsyncElasticsearch, engine: ElasticsearchEngine, documents: list[Document]
) -> None:
    raw = await build_raw(client, documents)
    started = time.perf_counter()
    await engine.rebuild(documents)
    ours = len(documents) / (time.perf_counter() - started)
    print(f"reindex of {len(documents)}: {ours:.0f}/s; raw loop {raw:.0f}/s; ratio {ours / raw:.2f}")


def make_request(text: str) -> Request:
    return Request(text, as_of=TODAY, facets=FACETS, similar=20)


async def bodies_sent_by(engine: ElasticsearchEngine, text: str) -> list[list[dict[str, Any]]]:
    """Record the bodies that the layer sends for a query, call by call, with the search last."""
    sent: list[list[dict[str, Any]]] = []

    async def record_call(client: AsyncElasticsearch, bodies: Sequence[Any], **more: Any) -> Any:
        sent.append([dict(body) for body in bodies])
        return await multi_search.search_together(client, bodies, **more)

    with patch.object(search, "search_together", record_call):
        await engine.search(make_request(text))
    return sent


async def compare_searching(
    client: AsyncElasticsearch,
    connection: Connection,
    queries_to_send: Sequence[str],
    encoder: Encoder | None,
) -> None:
    engine = ElasticsearchEngine(connection, encoder=encoder)
    sent = {text: await bodies_sent_by(engine, text) for text in queries_to_send}
    await engine.close()
    engine = ElasticsearchEngine(connection, encoder=encoder)
    await engine.search(Request("", as_of=TODAY))
    await client.indices.clear_cache(index=connection.alias)

    async def through(text: str) -> None:
        await engine.search(make_request(text))

    async def raw_bodies(text: str) -> None:
        for call in sent[text]:
            await client.msearch(
                searches=[part for body in call for part in ({"index": connection.alias}, body)]
            )

    async def searches_alone(text: str) -> None:
        for call in sent[text]:
            await client.search(index=connection.alias, **call[-1])

    ways = [("through the layer", through), ("raw", raw_bodies), ("raw, searches alone", searches_alone)]
    spent: dict[str, list[float]] = {name: [] for name, _ in ways}
    for number, text in enumerate(queries_to_send):
        for turn in range(len(ways)):
            name, way = ways[(number + turn) % len(ways)]
            started = time.perf_counter()
            await way(text)
            spent[name].append(1000 * (time.perf_counter() - started))
    await engine.close()
    ours = quantile(spent["through the layer"], 0.5)
    for name, values in spent.items():
        print(
            f"{name}: p50 {quantile(values, 0.5):.1f} ms, p99 {quantile(values, 0.99):.1f} ms "
            f"({len(values)} queries)"
        )
        if name != "through the layer":
            print(f"  the layer's p50 is {ours / quantile(values, 0.5):.2f} times that")
    calls = sum(map(len, sent.values())) / len(sent)
    print(f"{calls:.2f} calls a query")


async def measure(address: str, path: Path, count: int | None, encoder: Encoder | None) -> None:
    connection = Connection((address,), alias=ALIAS, timeout=60, deadline=60)
    engine = ElasticsearchEngine(connection, encoder=encoder)
    documents = list(islice(articles(path), count))
    draw = random.Random(7)
    queries_to_send = [
        text for length in LENGTHS for text in queries(documents, length, draw)[:QUERIES_PER_LENGTH]
    ]
    draw.shuffle(queries_to_send)
    async with AsyncElasticsearch(address, request_timeout=100) as client:
        await compare_building(client, engine, documents)
        await metrics.encode_all(engine)
        del documents
        gc.freeze()
        await compare_searching(client, connection, queries_to_send, encoder)
        for name in await client.indices.get(index=f"{ALIAS}-*"):
            await client.indices.delete(index=name)
    await engine.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", nargs="?", type=Path, default=data_path(*ARTICLES))
    parser.add_argument("--address", help="a server that is there already")
    parser.add_argument("--documents", type=int, help="only the first N")
    model_choice.add_model(parser)
    options = parser.parse_args()
    encoder = model_choice.choose_encoder(options)
    print(f"model {model_choice.describe_model(encoder)}")
    with ExitStack() as stack:
        address = (
            options.address or stack.enter_context(elasticsearch_server.running(java_options="")).address
        )
        anyio.run(measure, address, options.articles, options.documents, encoder)


if __name__ == "__main__":
    main()
