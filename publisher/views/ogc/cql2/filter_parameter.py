"""Parameters ``filter``, ``filter-lang`` and ``filter-crs`` (OGC 19-079r2); filters in memory."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from publisher.log import predicate as p
from publisher.views.ogc import parameters
from publisher.views.ogc.cql2.queryables import Queryables
from publisher.views.ogc.errors import invalid

_COMPARE: Mapping[p.Operator, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def parse_filter(values: Mapping[str, str], queryables: Queryables) -> p.Predicate | None:
    """Parse the filter; return None if the request has none. Raises :class:`OgcError` (400)."""
    from publisher.views.ogc.cql2 import parser, to_predicate

    if "filter" not in values:
        if "filter-lang" in values or "filter-crs" in values:
            raise invalid("filter-lang", "须与 filter 同用。", "goes with filter.")
        return None
    language = values.get("filter-lang", "cql2-text")
    readers = {"cql2-text": parser.read_text, "cql2-json": parser.read_json}
    if language not in readers:
        raise invalid("filter-lang", "应为 cql2-text 或 cql2-json。", "should be cql2-text or cql2-json.")
    if values.get("filter-crs", parameters.CRS84) != parameters.CRS84:
        raise invalid("filter-crs", f"只支持 {parameters.CRS84}。", f"only {parameters.CRS84} is supported.")
    return to_predicate.translate(readers[language](values["filter"]), queryables)


def is_true(condition: p.Predicate, texts: Mapping[str, str]) -> bool:
    """Evaluate a condition on properties that are all text and all present, so no value is unknown.

    Texts are compared by code point, as in the log.
    """
    match condition:
        case p.And(of=of):
            return all(is_true(part, texts) for part in of)
        case p.Or(of=of):
            return any(is_true(part, texts) for part in of)
        case p.Not(of=operand):
            return not is_true(operand, texts)
        case p.TruthValue(value=value):
            return value is True
        case p.Comparison():
            return _COMPARE[condition.operator](texts[condition.field], condition.value)
        case p.Like():
            signs = {None: ".*", 1: "."}
            pattern = "".join(
                re.escape(piece) if isinstance(piece, str) else signs[piece] for piece in condition.pattern
            )
            return re.fullmatch(pattern, texts[condition.field], re.DOTALL) is not None
        case _:  # Absent is always false here; ListContains and RecordIds do not apply to text properties
            return False
