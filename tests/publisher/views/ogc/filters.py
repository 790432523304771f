"""Random CQL2 filters, each as text, as JSON, and as a function of a record."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from schemas.definition.catalogue import Content
from tests.publisher.views.ogc.places import KINDS, SERVICES

type Truth = bool | None
"""None means unknown, as in SQL and CQL2."""

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_TEXTS = ("name", "kind", "remark", "code")


class FilterMaker:
    """Build random filters, each as text, as JSON, and as a function of a record."""

    def __init__(self, seed: int, halls: list[Content]) -> None:
        self.draw, self.halls = random.Random(seed), halls

    def condition(self, depth: int) -> tuple[str, Any, Callable[[Content], Truth]]:
        if depth and self.draw.random() < 0.6:
            return self.draw.choice((self._both, self._both, self._not))(depth)
        return self.draw.choice(
            (
                self._comparison,
                self._comparison,
                self._null,
                self._like,
                self._in,
                self._between,
                self._boolean,
                self._list,
            )
        )()

    def _both(self, depth: int) -> tuple[str, Any, Callable[[Content], Truth]]:
        word = self.draw.choice(("and", "or"))
        parts = [self.condition(depth - 1) for _ in range(self.draw.randrange(2, 4))]
        stop = word == "or"

        def holds(content: Content) -> Truth:
            truths = [part[2](content) for part in parts]
            return stop if stop in truths else None if None in truths else not stop

        # Only OR inside AND gets brackets, because the tests cover precedence too.
        texts = [f"({t})" if re.search(r"\bOR\b", t) and word == "and" else t for t, _, _ in parts]
        return f" {word.upper()} ".join(texts), {"op": word, "args": [part[1] for part in parts]}, holds

    def _not(self, depth: int) -> tuple[str, Any, Callable[[Content], Truth]]:
        text, tree, holds = self.condition(depth - 1)

        def opposite(content: Content) -> Truth:
            truth = holds(content)
            return None if truth is None else not truth

        return f"NOT ({text})", {"op": "not", "args": [tree]}, opposite

    def _value(self, field: str) -> tuple[str, Any, Any]:
        if field == "windows":
            number = self.draw.choice((self.draw.randrange(-3, 42), round(self.draw.uniform(-2, 40), 2)))
            return str(number), number, number
        if field == "opened":
            day = f"20{self.draw.randrange(9, 26):02}-{self.draw.randrange(1, 13):02}-15"
            return f"DATE('{day}')", {"date": day}, day
        texts = [str(h[field]) for h in self.halls if field in h]
        text = self.draw.choice((*texts[:40], *KINDS, "", "'; DROP TABLE span; --", "没有"))
        return _quoted(text), text, text

    def _comparison(self) -> tuple[str, Any, Callable[[Content], Truth]]:
        field, operator = self.draw.choice((*_TEXTS, "windows", "opened")), self.draw.choice(tuple(_COMPARE))
        text, tree, value = self._value(field)
        compare, prop = _COMPARE[operator], {"property": field}
        if self.draw.random() < 0.1:
            return (
                f"{text} {operator} {field}",
                {"op": operator, "args": [tree, prop]},
                lambda c: compare(value, c[field]) if field in c else None,
            )
        name = f'"{field}"' if self.draw.random() < 0.2 else field
        return (
            f"{name} {operator} {text}",
            {"op": operator, "args": [prop, tree]},
            lambda c: compare(c[field], value) if field in c else None,
        )

    def _null(self) -> tuple[str, Any, Callable[[Content], Truth]]:
        field = self.draw.choice((*_TEXTS, "windows", "opened", "weekends", "services", "longitude"))
        tree = {"op": "isNull", "args": [{"property": field}]}
        if self.draw.random() < 0.5:
            return f"{field} IS NULL", tree, lambda c: field not in c
        return f"{field} IS NOT NULL", {"op": "not", "args": [tree]}, lambda c: field in c

    def _like(self) -> tuple[str, Any, Callable[[Content], Truth]]:
        field = self.draw.choice(_TEXTS)
        pattern = self.draw.choice(
            ("%中心%", "_便民%", "%\\%%", "H00001_", "%[a]%", "abc", "A__", "%*?\\\\", "%", "", "%'%")
        )
        expression = re.compile(_regular(pattern), re.DOTALL)
        tree = {"op": "like", "args": [{"property": field}, pattern]}
        return (
            f"{field} LIKE {_quoted(pattern)}",
            tree,
            lambda c: expression.fullmatch(str(c[field])) is not None if field in c else None,
        )

    def _in(self) -> tuple[str, Any, Callable[[Content], Truth]]:
        field = self.draw.choice((*_TEXTS, "windows"))
        operands = [self._value(field) for _ in range(self.draw.randrange(1, 4))]
        values = [value for _, _, value in operands]
        tree = {"op": "in", "args": [{"property": field}, [tree for _, tree, _ in operands]]}
        text = f"{field} IN ({', '.join(text for text, _, _ in operands)})"
        return text, tree, lambda c: c[field] in values if field in c else None

    def _between(self) -> tuple[str, Any, Callable[[Content], Truth]]:
        field = self.draw.choice(("windows", "opened", "code"))
        (low, low_tree, a), (high, high_tree, b) = self._value(field), self._value(field)
        tree = {"op": "between", "args": [{"property": field}, low_tree, high_tree]}
        text = f"{field} BETWEEN {low} AND {high}"
        return text, tree, lambda c: a <= c[field] <= b if field in c else None

    def _boolean(self) -> tuple[str, Any, Callable[[Content], Truth]]:
        truth = self.draw.random() < 0.5
        operator = self.draw.choice(("=", *_COMPARE))
        tree = {"op": operator, "args": [{"property": "weekends"}, truth]}
        text = f"weekends {operator} {str(truth).upper()}"
        return text, tree, lambda c: _COMPARE[operator](c["weekends"], truth) if "weekends" in c else None

    def _list(self) -> tuple[str, Any, Callable[[Content], Truth]]:
        services = self.draw.sample((*SERVICES, "没有"), 2)
        every = self.draw.random() < 0.5
        op = "a_contains" if every else "a_overlaps"
        judge = all if every else any
        text = f"{op.upper()}(services, ({', '.join(map(_quoted, services))}))"
        tree = {"op": op, "args": [{"property": "services"}, services]}
        return text, tree, lambda c: judge(w in c["services"] for w in services) if "services" in c else None


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _regular(pattern: str) -> str:
    tokens = re.findall(r"\\.|[%_]|[^%_\\]+|\\", pattern, re.DOTALL)
    signs = {"%": ".*", "_": "."}
    return "".join(signs.get(p) or re.escape(p[1:] if len(p) == 2 and p[0] == "\\" else p) for p in tokens)
