"""Conversion of JSON-LD to Turtle with rdflib. The first request loads rdflib, which takes 0.3 s."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from publisher.views.discovery.vocabulary import PREFIXES


def to_turtle(document: Mapping[str, Any]) -> bytes:
    """Write the triples as sorted Turtle: equal documents give equal bytes."""
    from rdflib import Graph  # noqa: PLC0415 - see the first line of this module

    graph = Graph(bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    graph.parse(data=json.dumps(document), format="json-ld")
    return graph.serialize(format="turtle", encoding="utf-8")
