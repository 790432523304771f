"""Elasticsearch through our layer beside the same bodies sent raw: searching and building.

``python -m benchmarks.elasticsearch http://127.0.0.1:9200 [articles.jsonl.gz] [--documents N]``. Raw searches
send what the layer sent, in the same run, and do nothing with the answers; the raw loop computes the same
bodies and sends them by ``helpers.async_bulk``.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path
from typing import Any

import anyio
from elasticsearch import AsyncElasticsearch
from elasticsearch.helpers import async_bulk

from benchmarks.search_speed import LENGTHS, TODAY, articles, at, queries
from search import lexicon
from search.elastic import asking, mapping
from search.elastic.connection import Connection
from search.elasticsearch import ElasticsearchEngine
from search.engine import Document, Request

FACETS = ("type", "body", "year")
ALIAS = "qingdan-benchmark"


async def built_raw(client: AsyncElasticsearch, documents: list[Document]) -> float:
    analyzer, _ = lexicon.load()
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


async def measure(address: str, path: Path, count: int | None) -> None:
    engine = ElasticsearchEngine(Connection((address,), alias=ALIAS))
    documents = list(islice(articles(path), count))
    async with AsyncElasticsearch(address, request_timeout=100) as client:
        raw = await built_raw(client, documents)
        started = time.perf_counter()
        await engine.rebuild(documents)
        ours = len(documents) / (time.perf_counter() - started)
        print(f"reindex of {len(documents)}: {ours:.0f}/s; raw loop {raw:.0f}/s; ratio {ours / raw:.2f}")
        draw = random.Random(7)
        asked = [text for length in LENGTHS for text in queries(documents, length, draw)[:60]]
        draw.shuffle(asked)
        through, alone = [], []
        for text in asked:
            sent: list[dict[str, Any]] = []
            made = asking.Search.body
            asking.Search.body = lambda self, match, made=made, sent=sent: (
                sent.append(made(self, match)) or sent[-1]
            )
            started = time.perf_counter()
            await engine.search(Request(text, as_of=TODAY, facets=FACETS))
            through.append(1000 * (time.perf_counter() - started))
            asking.Search.body = made
            started = time.perf_counter()
            for body in sent:
                await client.search(index=ALIAS, **body)
            alone.append(1000 * (time.perf_counter() - started))
        for name, spent in (("through the layer", through), ("raw", alone)):
            print(f"{name}: p50 {at(spent, 0.5):.1f} ms, p99 {at(spent, 0.99):.1f} ms ({len(spent)} queries)")
        print(f"ratio of p50: {at(through, 0.5) / at(alone, 0.5):.2f}")
        for name in await client.indices.get(index=f"{ALIAS}-*"):
            await client.indices.delete(index=name)
    await engine.close()


def main() -> None:
    default = Path(__file__).resolve().parents[2] / "shared" / "data" / "laws" / "articles.jsonl.gz"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("articles", nargs="?", type=Path, default=default)
    parser.add_argument("--documents", type=int, help="only the first N")
    asked = parser.parse_args()
    anyio.run(measure, asked.address, asked.articles, asked.documents)


if __name__ == "__main__":
    main()
