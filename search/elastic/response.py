"""What the cluster answers to several searches, read once from the bytes of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from elasticsearch import JsonSerializer
from msgspec import UNSET, Struct, UnsetType, field

type SortValue = float | int | str


class Texts(Struct, frozen=True, gc=False):
    texts: list[tuple[float, str]]
    """(weight, folded text), the title first."""


class Source(Struct, frozen=True, gc=False):
    document: msgspec.Raw
    """Read where it is shown: the second stage asks for the texts of five times as many."""
    folded: Texts = Texts([])


class Found(Struct, frozen=True, gc=False):
    source: Source = field(name="_source")
    score: float | None = field(name="_score", default=None)
    sort: tuple[SortValue, ...] = ()


class Total(Struct, frozen=True):
    value: int


class Hits(Struct, frozen=True):
    hits: list[Found]
    total: Total = Total(0)


class Failure(Struct, frozen=True):
    type: str
    reason: str | None = None


class Bucket(Struct, frozen=True, gc=False):
    doc_count: int
    key: str = ""


class Counted(Struct, frozen=True):
    """What an aggregation says, of whichever kind it is."""

    value: float | None = None
    """Of a metric; None where no document has the field."""
    buckets: list[Bucket] = []
    within: Counted | None = None
    """The one that is inside it."""


class Answer(Struct, frozen=True):
    """To one search."""

    status: int = 200
    error: Failure | None = None
    hits: Hits = Hits([])
    aggregations: Mapping[str, Counted] = {}


class _Answers(Struct, frozen=True):
    responses: list[Answer] | UnsetType = UNSET


_answers = msgspec.json.Decoder(_Answers)


class Json(JsonSerializer):
    """The client's own, but several searches are answered by :class:`Answer`, and all else is read in two
    thirds of the time."""

    def json_loads(self, data: bytes) -> Any:
        # Only a page of hits is large, and of anything else this passes over.
        if data.startswith(b'{"took"'):
            answers = _answers.decode(data)
            if answers.responses is not UNSET:
                return {"responses": answers.responses}
        return msgspec.json.decode(data)
