"""Translation of pygeofilter's tree into the log's predicates. Everything unsupported is an error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pygeofilter import ast

from publisher.log import predicate as p
from publisher.log.clocks import is_day
from publisher.views.ogc.cql2.parser import ParsedFilter
from publisher.views.ogc.cql2.queryables import Queryables
from publisher.views.ogc.errors import OgcError

MOST = 200
"""Maximum number of conditions in one filter."""
_WILDCARDS = 20
"""Maximum number of wildcards in one pattern."""
_OPERATORS: Mapping[type, p.Operator] = {
    ast.Equal: "=",
    ast.NotEqual: "<>",
    ast.LessThan: "<",
    ast.LessEqual: "<=",
    ast.GreaterThan: ">",
    ast.GreaterEqual: ">=",
    ast.TimeAfter: ">",
    ast.TimeBefore: "<",
    ast.TimeEquals: "=",
}
_FUNCTIONS: Mapping[str, p.Operator] = {"t_after": ">", "t_before": "<", "t_equals": "="}
_FLIPPED: Mapping[p.Operator, p.Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
_ARRAYS: Mapping[Any, bool] = {
    ast.ArrayContains: True,
    ast.ArrayOverlaps: False,
    "a_contains": True,
    "a_overlaps": False,
}


def translate(parsed: ParsedFilter, queryables: Queryables) -> p.Predicate:
    """Translate a filter. Raises :class:`OgcError` (400), with the position if it is known."""
    try:
        return _Translator(parsed, queryables).condition(parsed.tree)
    except RecursionError:
        raise parsed.refuse(None, "嵌套过深。", "nested too deep.") from None


class _Translator:
    def __init__(self, parsed: ParsedFilter, queryables: Queryables) -> None:
        self._parsed, self._queryables, self._conditions_left = parsed, queryables, MOST

    def condition(self, node: Any, depth: int = 0) -> p.Predicate:
        if depth > MOST:
            raise self._refuse(node, "嵌套过深。", "nested too deep.")
        match node:
            case ast.And() | ast.Or():
                operands = tuple(self.condition(n, depth + 1) for n in _flat(node, type(node)))
                return p.And(operands) if isinstance(node, ast.And) else p.Or(operands)
            case ast.Not():
                return p.Not(self.condition(node.sub_node, depth + 1))
            case bool():
                return p.TruthValue(node)
            case _:
                return self._predicate(node)

    def _predicate(self, node: Any) -> p.Predicate:
        self._count(node, len(node.sub_nodes) if isinstance(node, ast.In) else 1)
        match node:
            case ast.Attribute():
                return self._comparison(node, node, "=", right=True)
            case ast.IsNull():
                return self._negate_if(p.Absent(self._field(node.lhs)), opposite=node.not_)
            case ast.Between():
                low = self._comparison(node, node.lhs, ">=", right=node.low)
                high = self._comparison(node, node.lhs, "<=", right=node.high)
                return self._negate_if(p.And((low, high)), opposite=node.not_)
            case ast.In():
                equalities = [self._comparison(node, node.lhs, "=", right=value) for value in node.sub_nodes]
                return self._negate_if(p.Or(tuple(equalities)), opposite=node.not_)
            case ast.Like():
                return self._negate_if(self._like(node), opposite=node.not_)
            case ast.Function():
                return self._function(node)
            case _ if type(node) in _OPERATORS:
                return self._comparison(node, node.lhs, _OPERATORS[type(node)], right=node.rhs)
            case _ if type(node) in _ARRAYS:
                return self._list_contains(node.lhs, node.rhs, every=_ARRAYS[type(node)])
            case _:
                raise self._refuse(node, "不支持这种条件。", "this kind of condition is not supported.")

    def _count(self, node: Any, conditions: int) -> None:
        """Count conditions; each value of a list is one, since databases limit the depth of an expression."""
        self._conditions_left -= conditions
        if self._conditions_left < 0:
            raise self._refuse(node, f"最多{MOST}个条件。", f"at most {MOST} conditions.")

    @staticmethod
    def _negate_if(condition: p.Predicate, *, opposite: bool) -> p.Predicate:
        return p.Not(condition) if opposite else condition

    def _function(self, node: Any) -> p.Predicate:
        name, arguments = node.name.lower(), node.arguments
        if name in _FUNCTIONS and len(arguments) == 2:
            return self._comparison(node, arguments[0], _FUNCTIONS[name], right=arguments[1])
        if name in _ARRAYS and len(arguments) == 2:
            return self._list_contains(*arguments, every=_ARRAYS[name])
        raise self._refuse(node, f"不支持函数 {node.name}。", f"the function {node.name} is not supported.")

    def _comparison(self, node: Any, left: Any, operator: p.Operator, *, right: Any) -> p.Predicate:
        if not isinstance(left, ast.Attribute) and isinstance(right, ast.Attribute):
            left, right, operator = right, left, _FLIPPED[operator]
        if not isinstance(left, ast.Attribute):
            raise self._refuse(
                node, "比较的一方应为字段名。", "one side of a comparison is to be a property."
            )
        field = self._field(left)
        value = self._scalar(left, field, right)
        return p.Comparison(field, operator, value)

    def _scalar(self, node: Any, field: str, value: Any) -> p.Scalar:
        kind = self._queryables.kinds[field]
        is_date = kind == "day" or field in self._queryables.dates
        if is_date and isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if kind == "day" and isinstance(value, str) and is_day(value):
            return value
        if kind == "text" and isinstance(value, str):
            return value
        if kind == "boolean" and isinstance(value, bool):
            return value
        if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
            if abs(value) < 1e300 and math.isfinite(value):
                return value
            raise self._refuse(node, "数值过大。", "the number is too large.")
        expected = {
            "day": ("日期 DATE('2015-12-31')", "a date, DATE('2015-12-31')"),
            "text": ("文本 '…'", "a text '…'"),
            "boolean": ("TRUE 或 FALSE", "TRUE or FALSE"),
            "number": ("数值", "a number"),
            "list": ("A_CONTAINS 或 A_OVERLAPS", "A_CONTAINS or A_OVERLAPS"),
        }
        zh, en = expected[kind]
        raise self._refuse(node, f"{field} 应与{zh}比较。", f"{field} is compared with {en}.")

    def _like(self, node: Any) -> p.Like:
        field = self._field(node.lhs)
        if self._queryables.kinds[field] != "text" or not isinstance(node.pattern, str):
            raise self._refuse(
                node.lhs, "LIKE 用于文本字段和文本。", "LIKE takes a text property and a text."
            )
        pattern = _pattern(node.pattern)
        if sum(not isinstance(piece, str) for piece in pattern) > _WILDCARDS:
            raise self._refuse(node.lhs, f"最多{_WILDCARDS}个通配符。", f"at most {_WILDCARDS} wildcards.")
        return p.Like(field, pattern)

    def _list_contains(self, left: Any, right: Any, *, every: bool) -> p.ListContains:
        field = self._field(left)
        if self._queryables.kinds[field] != "list":
            raise self._refuse(left, f"{field} 不是列表。", f"{field} is not a list.")
        if not isinstance(right, list) or not right or not all(isinstance(v, str) for v in right):
            raise self._refuse(
                left, "应给出一组文本，如 ('…', '…')。", "a list of texts ('…', '…') is needed."
            )
        self._count(left, len(right) - 1)
        return p.ListContains(field, tuple(right), every)

    def _field(self, node: Any) -> str:
        if not isinstance(node, ast.Attribute):
            raise self._refuse(node, "此处应为字段名。", "a property is needed here.")
        name = str(node.name)
        if name not in self._queryables.kinds:
            raise self._refuse(node, f"没有可查询的字段 {name}。", f"there is no queryable {name}.")
        return name

    def _refuse(self, node: Any, zh: str, en: str) -> OgcError:
        for candidate in (node, getattr(node, "lhs", None), getattr(node, "rhs", None)):
            if id(candidate) in self._parsed.places:
                return self._parsed.refuse(candidate, zh, en)
        return self._parsed.refuse(node, zh, en)


def _flat(node: Any, kind: Any) -> Sequence[Any]:
    """Return the operands of a chain of one kind, in order, for any nesting."""
    operands: list[Any] = []
    stack: list[Any] = [node]
    while stack:
        top = stack.pop()
        if isinstance(top, kind):
            stack += [top.rhs, top.lhs]
        else:
            operands.append(top)
    return operands


def _pattern(text: str) -> tuple[str | int | None, ...]:
    """Split a LIKE pattern at ``%`` and ``_``; a backslash before either makes it literal."""
    pieces: list[str | int | None] = []
    literal = ""
    characters = iter(text)
    for character in characters:
        if character not in "%_":
            literal += next(characters, "\\") if character == "\\" else character
            continue
        if literal:
            pieces.append(literal)
            literal = ""
        if character == "_":
            pieces.append(1)
        elif not pieces or pieces[-1] is not None:
            pieces.append(None)
    return (*pieces, literal) if literal or not pieces else tuple(pieces)
