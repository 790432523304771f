"""Parsers of CQL2 text and CQL2 JSON into pygeofilter's tree. Errors report their position.

The text grammar is our own: pygeofilter 0.4 gives AND and OR the same precedence, uses ``.`` for LIKE's
single character and does not support ``''`` in texts, so its filters match wrong rows. The tree, the nodes
and the JSON parser are pygeofilter's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

import msgspec
from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError
from pygeofilter import ast
from pygeofilter.parsers.cql2_json import parse as parse_json

from publisher.views.ogc.errors import OgcError

LONGEST = 4000
"""Maximum length of a filter, in characters."""
DEEPEST = 40
"""Maximum levels of nesting."""

_COMPARISONS: Mapping[str, Any] = {
    "=": ast.Equal,
    "<>": ast.NotEqual,
    "<": ast.LessThan,
    "<=": ast.LessEqual,
    ">": ast.GreaterThan,
    ">=": ast.GreaterEqual,
}


_TEXT_TOKENS = re.compile(r"""'(?:[^'\\]|\\.)*+'|"[^"]*+"|[()\[\]{}]""", re.DOTALL)
_JSON_TOKENS = re.compile(r""""(?:[^"\\]|\\.)*+"|[()\[\]{}]""", re.DOTALL)
"""Quoted texts and names, whose brackets nest nothing, and brackets."""
_ESCAPED = re.compile(r"''|\\([\\'abtnvfr])")
_CONTROLS: Mapping[str, str] = dict(zip("abtnvfr", "\a\b\t\n\v\f\r", strict=True))


def _resolve_escape(match: re.Match[str]) -> str:
    """Resolve an escape (``/req/cql2-text/escaping``). Other backslashes stay: LIKE has its own escapes."""
    return "'" if match[1] is None else _CONTROLS.get(match[1], match[1])


class ParsedFilter(msgspec.Struct, frozen=True):
    """A tree, with the positions of its names in the text."""

    tree: Any
    text: str
    places: Mapping[int, int] = msgspec.field(default_factory=dict)
    """``id`` of a node → index of its first character, from 0; empty for JSON."""

    def refuse(self, node: Any, zh: str, en: str) -> OgcError:
        """Build the error for ``node``, with its position if it is known."""
        place = self.places.get(id(node))
        if place is None:
            name = getattr(node, "name", None)
            index = self.text.find(f'"{name}"') if isinstance(name, str) else -1
            place = index + 1 if index >= 0 else None
        return refusal(place, zh, en)


def refusal(place: int | None, zh: str, en: str) -> OgcError:
    """Build an error. ``place`` counts characters from 0; messages count from 1."""
    where_zh, where_en = "", ""
    if place is not None:
        where_zh, where_en = f"第{place + 1}个字符：", f"character {place + 1}: "
    zh, en = f"参数 filter，{where_zh}{zh}", f"Parameter filter, {where_en}{en}"
    return OgcError(400, "InvalidParameterValue", zh, en)


def read_text(text: str) -> ParsedFilter:
    """Parse CQL2 text. Raises :class:`OgcError` (400) if it is invalid or uses unsupported features."""
    _check_size(text, _TEXT_TOKENS)
    try:
        parsed = _parser().parse(text)
    except UnexpectedInput as error:
        place = -1 if error.pos_in_stream is None else error.pos_in_stream
        place = place if place >= 0 else len(text)
        raise refusal(place, "不是本接口支持的 CQL2 文本。", "not CQL2 text as supported here.") from error
    reader = _Reader()
    try:
        tree = reader.transform(parsed)
    except VisitError as error:
        raise error.orig_exc from error
    except RecursionError as error:
        raise refusal(None, "嵌套过深。", "nested too deep.") from error
    return ParsedFilter(tree, text, reader.places)


def read_json(text: str) -> ParsedFilter:
    """Parse CQL2 JSON. Raises :class:`OgcError` (400) like :func:`read_text`."""
    _check_size(text, _JSON_TOKENS)
    try:
        tree = parse_json(_convert_between(json.loads(text)))
    except json.JSONDecodeError as error:
        raise refusal(error.pos, "不是 JSON。", "not JSON.") from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise refusal(None, "不是本接口支持的 CQL2 JSON。", "not CQL2 JSON as supported here.") from error
    return ParsedFilter(tree, text)


def _check_size(text: str, tokens: re.Pattern[str]) -> None:
    """Raise :class:`OgcError` (400) for a filter that is too long or nested too deep."""
    if len(text) > LONGEST:
        raise refusal(LONGEST, f"最长{LONGEST}个字符。", f"at most {LONGEST} characters.")
    depth = 0
    for token in tokens.finditer(text):
        depth += (token[0] in "([{") - (token[0] in ")]}")
        if depth > DEEPEST:
            raise refusal(token.start(), f"嵌套最多{DEEPEST}层。", f"nested more than {DEEPEST} levels deep.")


def _convert_between(node: Any) -> Any:
    """Convert the standard's ``between`` with three arguments to the draft's form, which pygeofilter 0.4
    supports: the last two arguments as a pair."""
    if isinstance(node, list):
        return [_convert_between(n) for n in node]
    if not isinstance(node, dict):
        return node
    converted = {key: _convert_between(value) for key, value in node.items()}
    if converted.get("op") == "between":
        args = converted.get("args")
        if not isinstance(args, list) or len(args) != 3:
            raise ValueError("between takes three arguments")
        converted["args"] = [args[0], [args[1], args[2]]]
    return converted


@cache
def _parser() -> Lark:
    return Lark.open("cql2.lark", rel_to=__file__, parser="lalr", maybe_placeholders=False)


@v_args(inline=True)
class _Reader(Transformer[Token, Any]):
    """Converts Lark's tree to pygeofilter's."""

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[int, int] = {}
        self._nodes: list[Any] = []  # keeps the nodes alive, so that ids stay unique

    def _record_place(self, node: Any, token: Token) -> Any:
        self._nodes.append(node)
        self.places[id(node)] = token.start_pos or 0
        return node

    def name(self, token: Token) -> Any:
        text = str(token)
        return self._record_place(ast.Attribute(text[1:-1] if text.startswith('"') else text), token)

    def string(self, token: Token) -> str:
        return _ESCAPED.sub(_resolve_escape, str(token)[1:-1])

    def number(self, token: Token) -> int | float:
        text = str(token)
        return int(text) if text.lstrip("+-").isdigit() and len(text) < 20 else float(text)

    def boolean(self, token: Token) -> bool:
        return token.lower() == "true"

    def array(self, *items: Any) -> list[Any]:
        return list(items)

    def function(self, token: Token, *arguments: Any) -> Any:
        name = token.lower()
        if name in ("date", "timestamp") and len(arguments) == 1 and isinstance(arguments[0], str):
            return _time(name, arguments[0], token)
        return self._record_place(ast.Function(name, list(arguments)), token)

    def comparison(self, left: Any, operator: Token, right: Any) -> Any:
        return self._record_place(_COMPARISONS[str(operator)](left, right), operator)

    def like(self, operand: Any, pattern: Any, *, opposite: bool = False) -> Any:
        return ast.Like(
            operand, pattern, nocase=False, wildcard="%", singlechar="_", escapechar="\\", not_=opposite
        )

    def not_like(self, operand: Any, pattern: Any) -> Any:
        return self.like(operand, pattern, opposite=True)

    def between(self, operand: Any, low: Any, high: Any) -> Any:
        return ast.Between(operand, low, high, not_=False)

    def not_between(self, operand: Any, low: Any, high: Any) -> Any:
        return ast.Between(operand, low, high, not_=True)

    def in_(self, operand: Any, *values: Any) -> Any:
        return ast.In(operand, list(values), not_=False)

    def not_in(self, operand: Any, *values: Any) -> Any:
        return ast.In(operand, list(values), not_=True)

    def null(self, operand: Any) -> Any:
        return ast.IsNull(operand, not_=False)

    def not_null(self, operand: Any) -> Any:
        return ast.IsNull(operand, not_=True)

    def not_(self, operand: Any) -> Any:
        return ast.Not(operand)

    def conjunction(self, *operands: Any) -> Any:
        return ast.And.from_items(*operands)

    def disjunction(self, *operands: Any) -> Any:
        return ast.Or.from_items(*operands)


def _time(name: str, text: str, token: Token) -> date | datetime:
    try:
        return date.fromisoformat(text) if name == "date" else datetime.fromisoformat(text)
    except ValueError:
        raise refusal(
            token.start_pos, f"“{text}”不是日期或时刻。", f"“{text}” is not a date or time."
        ) from None
