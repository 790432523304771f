"""Forms of RDF in which metadata is served. The first request for one of rdflib's loads it: 0.3 s."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from publisher.views.discovery.vocabulary import PREFIXES

JSON_LD = "application/ld+json"
TURTLE = "text/turtle; charset=utf-8"
N_TRIPLES = "application/n-triples"
MEDIA: Mapping[str, str] = {
    "jsonld": JSON_LD,
    "ttl": TURTLE,
    "rdf": "application/rdf+xml",
    "nt": N_TRIPLES,
}
"""Suffix of an address → media type."""
_UNFIT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""Characters that XML cannot represent, in UTF-8. rdflib writes them as they are."""
_FORMATS = {TURTLE: "turtle", MEDIA["rdf"]: "xml", N_TRIPLES: "nt"}


def write(document: Mapping[str, Any], media: str) -> bytes:
    """Write a JSON-LD document in one of :data:`MEDIA`: equal documents give equal bytes."""
    if media == JSON_LD:
        return msgspec.json.encode(document)
    from rdflib import RDF, Graph  # noqa: PLC0415 - see the first line of this module

    triples = Graph(bind_namespaces="none").parse(data=json.dumps(document), format="json-ld")
    graph = Graph("SimpleMemory", bind_namespaces="none")
    for prefix, namespace in (*PREFIXES.items(), ("rdf", str(RDF))):
        graph.bind(prefix, namespace)
    for triple in sorted(triples):  # RDF/XML and N-Triples are written in the order of this store
        graph.add(triple)
    content = graph.serialize(format=_FORMATS[media], encoding="utf-8")
    return _UNFIT.sub("\ufffd".encode(), content) if media == MEDIA["rdf"] else content
