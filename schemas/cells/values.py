"""The text of a cell → the value of a field, and a value → the text of a file or a feed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Literal

import msgspec

from schemas.cells import problems
from schemas.cells.problems import Problem, ProblemKind
from schemas.cells.quantities import (
    BLANKS,
    read_amount,
    read_boolean,
    read_date,
    read_decimal,
    read_integer,
    read_limit,
)
from schemas.definition.catalogue import Field, Json
from schemas.normalise import fold, heading_key, mend, one_line, plain_lines, tidy_spaces, widen_brackets
from schemas.reference import administrative_divisions
from schemas.reference.damaged_numbers import repair
from schemas.reference.document_numbers import listed, parse_number

__all__ = ["Problem", "Value", "format_value", "heading_key", "is_ditto", "parse_value", "reader"]

type Lang = Literal["zh", "en"]


class Value(msgspec.Struct, frozen=True, gc=False):
    """What a cell says. A field without a value has None; then the record has no such key."""

    value: Json
    changed: bool = False
    """Printed again (:func:`format_value`, Chinese) it is not the text that was found."""
    problem: Problem | None = None


type Reader = Callable[[str], Value]

_BLANK = Value(None)
_DITTOS = frozenset(
    {"同上", "同前", "〃", "″", "”", "“", "“”", "””", '"', "''", '""', "々", "ditto", "同上栏", "同上行"}
)


def is_ditto(text: str) -> bool:
    """同上, 〃 and the like: the cell means what stands in the row above."""
    return len(text) < 12 and "".join(text.split()).strip("。.（）()-—").casefold() in _DITTOS


def parse_value(field: Field, text: str) -> Value:
    """The value of a cell's text. Never raises: what cannot be read is a :class:`Problem`.

    A loop over many cells keeps :func:`reader` of each field and saves the look-up.
    """
    return reader(field)(text)


@cache
def reader(field: Field) -> Reader:
    """What reads the cells of this field."""
    if field.vocabulary:
        return _vocabulary(field)
    if field.type != "string":
        return _typed(field, _TYPED[field.type])
    return _STRINGS[field.format](field)


_CLEAN = re.compile(r"[!-'*-~\u4e00-\u9fff，。；：（）！？、《》〈〉“”‘’〔〕【】…—·]+")
"""Characters that no reader of strings would change; most cells are made of them alone."""
_CLEAN_TEXT = re.compile(r"[!-~\u4e00-\u9fff，。；：（）！？、《》〈〉“”‘’〔〕【】…—·]+")
_PIECES = re.compile(r"[、,，;；/\s和]+")


def _string(field: Field) -> Reader:
    bodies = field.format == "body"

    def read(text: str) -> Value:
        if _CLEAN.fullmatch(text):
            if "（" in text and _unclosed(text):
                return Value(text, problem=problems.UNCLOSED_BRACKET.of(field.title, text))
            return Value(text)
        clean = tidy_spaces(widen_brackets(one_line(fold(text), bodies=bodies)))
        if not clean:
            return Value(None, changed=bool(text))
        problem = problems.UNCLOSED_BRACKET.of(field.title, clean) if _unclosed(clean) else None
        return Value(clean, clean != text, problem)

    return read


def _unclosed(text: str) -> bool:
    return text.count("（") + text.count("(") > text.count("）") + text.count(")")


def _text(_: Field) -> Reader:
    def read(text: str) -> Value:
        if _CLEAN_TEXT.fullmatch(text):
            return Value(text)
        clean = mend(fold(text))
        return Value(clean or None, clean != text)

    return read


def _markdown(_: Field) -> Reader:
    def read(text: str) -> Value:
        clean = plain_lines(text)
        return Value(clean or None, clean != text)

    return read


def _code(_: Field) -> Reader:
    def read(text: str) -> Value:
        clean = "".join(fold(text).split())
        if clean.endswith(".0") and clean[:-2].isdecimal():  # a spreadsheet took the code for a number
            clean = clean[:-2]
        return Value(clean or None, clean != text)

    return read


def _document_number(field: Field) -> Reader:
    def read(text: str) -> Value:
        clean = one_line(fold(text))
        if not clean or clean == "无" or clean in BLANKS:
            return Value(None, changed=bool(text))
        mended = repair(clean)  # before the lenient reading of what people type, which sees no damage
        if mended and mended.kind == "number" and mended.original == clean and mended.value:
            problem = problems.REPAIRED.of(field.title, clean, mended.value)
            return Value(mended.value, changed=True, problem=problem)
        if citation := parse_number(clean):
            return Value(citation.standard, citation.standard != text)
        return Value(clean, clean != text, problems.NO_DOCUMENT_NUMBER.of(field.title, clean))

    return read


def _division(field: Field) -> Reader:
    def read(text: str) -> Value:
        clean = "".join(fold(text).split()).removesuffix(".0")
        if not clean or clean in BLANKS:
            return Value(None, changed=bool(text))
        if clean.isdecimal():
            code = administrative_divisions.full(clean)
            known = administrative_divisions.name(clean) is not None
            problem = None if known else problems.UNKNOWN_DIVISION.of(field.title, clean)
            return Value(code, code != text, problem)
        codes = administrative_divisions.find(clean)
        if len(codes) == 1:
            return Value(administrative_divisions.full(codes[0]), changed=True)
        choices = "、".join(
            f"{administrative_divisions.full(c)} {administrative_divisions.path(c)}" for c in codes[:8]
        )
        words = f"：{choices}" if choices else ""
        return Value(None, changed=True, problem=problems.AMBIGUOUS_DIVISION.of(field.title, clean, words))

    return read


_STRINGS: dict[str, Callable[[Field], Reader]] = {
    "default": _string,
    "body": _string,
    "text": _text,
    "markdown": _markdown,
    "code": _code,
    "document-number": _document_number,
    "division": _division,
}


def _vocabulary(field: Field) -> Reader:
    words = {heading_key(word): t.value for t in field.vocabulary for word in (t.value, *t.aliases)}
    values = frozenset(term.value for term in field.vocabulary)
    choices = "、".join(term.value for term in field.vocabulary)

    def read(text: str) -> Value:
        if text in values:
            return Value(text)
        clean = one_line(fold(text))
        if not clean or clean in BLANKS:
            return Value(None, changed=bool(text))
        value = words.get(heading_key(clean.removesuffix(".0")))
        if value is None and field.open_vocabulary:
            pieces = [words.get(heading_key(piece)) for piece in _PIECES.split(clean)]
            value = "、".join(p for p in pieces if p) if len(pieces) > 1 and all(pieces) else clean
        if value is None:
            return Value(None, changed=True, problem=problems.UNKNOWN_WORD.of(field.title, clean, choices))
        return Value(value, value != text)

    return read


# --- other types: a function from clean text to a value or a problem -------------------------


type _Found = tuple[Json, Problem | None]


def _typed(field: Field, read_as: Callable[[Field, str], _Found]) -> Reader:
    def read(text: str) -> Value:
        clean = one_line(fold(text))
        if not clean or clean in BLANKS:
            return Value(None, changed=bool(text))
        value, problem = read_as(field, clean)
        return Value(value, value is None or format_value(field, value) != text, problem)

    return read


def _or_problem(value: Json, kind: ProblemKind, field: Field, text: str) -> _Found:
    return value, kind.of(field.title, text) if value is None else None


def _date(field: Field, text: str) -> _Found:
    if day := read_date(text):
        return day.isoformat(), None
    mended = repair(text)
    if mended and mended.kind == "date" and mended.original == text:
        words = "、".join(mended.readings)
        if mended.value:
            return mended.value, problems.REPAIRED.of(field.title, text, words)
        return None, problems.AMBIGUOUS_DATE.of(field.title, text, words)
    return None, problems.UNREADABLE_DATE.of(field.title, text)


def _limit(field: Field, text: str) -> _Found:
    limit = read_limit(text, field.unit)
    if limit is None:
        return (None, None) if text == "无" else (None, problems.UNREADABLE_LIMIT.of(field.title, text))
    value: Json = {"value": limit.value, "unit": limit.unit}
    if limit.rest:
        shown = format_value(field, value)
        return value, problems.LIMIT_WITH_CONDITION.of(field.title, text, shown)
    return value, None


def _amount(field: Field, text: str) -> _Found:
    amount = read_amount(text, field.unit or "元")
    value: Json = {"amount": amount.amount, "unit": amount.unit} if amount else None
    return _or_problem(value, problems.UNREADABLE_AMOUNT, field, text)


def _integer(field: Field, text: str) -> _Found:
    return _or_problem(read_integer(text, field.unit), problems.UNREADABLE_NUMBER, field, text)


def _decimal(field: Field, text: str) -> _Found:
    return _or_problem(read_decimal(text, field.unit), problems.UNREADABLE_NUMBER, field, text)


def _boolean(field: Field, text: str) -> _Found:
    return _or_problem(read_boolean(text), problems.UNREADABLE_YES_NO, field, text)


def _list(field: Field, text: str) -> _Found:
    if field.format != "citations":
        items: list[Json] = [item for part in text.split("；") if (item := part.strip(" "))]
        return items or None, None
    found, rest = listed(text)
    problem = None
    if _unclosed(text):
        problem = problems.UNCLOSED_BRACKET.of(field.title, text)
    elif rest:
        problem = problems.NO_CITATION.of(field.title, text, "；".join(rest))
    return list(found) or None, problem


def _files(_: Field, text: str) -> _Found:
    return [_file(item) for part in text.split("；") if (item := part.strip())] or None, None


def _file(text: str) -> Json:
    """``name address``, or one of the two."""
    name, _, url = text.rpartition(" ")
    if not url.startswith(("http://", "https://")):
        return {"name": text}
    return {"name": name.strip() or url.rpartition("/")[2] or url, "url": url}


_TYPED: dict[str, Callable[[Field, str], _Found]] = {
    "date": _date,
    "limit": _limit,
    "amount": _amount,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "list": _list,
    "files": _files,
}


# --- printing --------------------------------------------------------------------------------


_UNITS_EN = {
    "工作日": "working days",
    "自然日": "calendar days",
    "日": "days",
    "小时": "hours",
    "分钟": "minutes",
    "周": "weeks",
    "月": "months",
    "年": "years",
}
_COUNTED = frozenset({"工作日", "自然日", "月"})


def format_value(field: Field, value: Json, lang: Lang = "zh") -> str:
    """A value as files and feeds print it; blank is ``""``. Chinese, :func:`parse_value` reads it back.

    Units and yes or no follow ``lang``; names, texts and words of a vocabulary are the publisher's.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
    if isinstance(value, list):
        return ("；" if lang == "zh" else "; ").join(map(_print_item, value))
    if isinstance(value, dict):
        return _print_amount(value) if field.type == "amount" else _print_limit(value, lang)
    return str(value)


def _print_item(value: Json) -> str:
    """Of a list; of a file its name and address."""
    if isinstance(value, dict):
        return " ".join(str(value[key]) for key in ("name", "url") if key in value)
    return str(value)


def _print_amount(value: dict[str, Json]) -> str:
    return f"{value.get('amount', '')}{value.get('unit', '')}"


def _print_limit(value: dict[str, Json], lang: Lang) -> str:
    number, unit = value.get("value"), str(value.get("unit", ""))
    if unit == "即时":
        return "即时办结" if lang == "zh" else "at once"
    if lang == "zh":
        return f"{number}{'个' if unit in _COUNTED else ''}{unit}"
    name = _UNITS_EN.get(unit, unit)
    return f"{number} {name.removesuffix('s') if number == 1 else name}"
