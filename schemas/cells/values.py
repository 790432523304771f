"""Parsing of a cell's text into a field's value. :mod:`schemas.cells.value_texts` formats values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache, partial

import msgspec

from schemas.broken_lines import join_broken_lines, join_lines, join_names
from schemas.cells import problems
from schemas.cells.amounts import Amount, read_amount
from schemas.cells.deadlines import OPEN_ENDED, read_deadline
from schemas.cells.problems import CellProblem, CellProblemKind
from schemas.cells.quantities import (
    BLANKS,
    read_boolean,
    read_date,
    read_decimal,
    read_integer,
)
from schemas.cells.spoilt_codes import is_spoilt, lost_digits, split_codes
from schemas.cells.time_limits import read_limit
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Field, Json
from schemas.normalise import (
    clean_markdown,
    fold,
    heading_key,
    tidy_spaces,
    widen_brackets,
)
from schemas.reference import administrative_divisions
from schemas.reference.damaged_numbers import find_repair
from schemas.reference.document_numbers import parse_number, split_citations

FIRST_YEAR, YEARS_AHEAD = 1949, 10
"""Dates before this year, or more years ahead, are reported: they are probably typing errors."""


class Value(msgspec.Struct, frozen=True, gc=False):
    """Value of a cell. None if it is blank or unreadable; the record then has no such key."""

    value: Json
    problem: CellProblem | None = None


type CellParser = Callable[[str], Value]

_DITTOS = frozenset(
    {"同上", "同前", "〃", "″", "”", "“", "“”", "””", '"', "''", '""', "々", "ditto", "同上栏", "同上行"}
)


def is_ditto(text: str) -> bool:
    """Report whether a cell repeats the one above: 同上, 〃 and the like."""
    return len(text) < 12 and "".join(text.split()).strip("。.（）()-—").casefold() in _DITTOS


def parse_value(field: Field, text: str) -> Value:
    """Parse a cell's text. It never raises: unreadable text gives a :class:`CellProblem`.

    For many cells, call :func:`cell_parser` once for each field.
    """
    return cell_parser(field)(text)


@cache
def cell_parser(field: Field) -> CellParser:
    """Return the parser of this field's cells."""
    if field.vocabulary:
        return _vocabulary_parser(field)
    if field.type != "string":
        return _typed_parser(field, _TYPED[field.type])
    return _STRINGS[field.format](field)


_CLEAN = re.compile(r"[!-'*-~\u4e00-\u9fff，。；：（）！？、《》〈〉“”‘’〔〕【】…—·]+")
"""Characters that no parser of strings changes. Most cells contain only these."""
_CLEAN_TEXT = re.compile(r"[!-~\u4e00-\u9fff，。；：（）！？、《》〈〉“”‘’〔〕【】…—·]+")
"""The same, with half-width brackets: the parser of texts does not widen them."""
_LINES_OF_CODES = re.compile(r"(?=\D*\d)[A-Za-z\d._-]+(?:\n[A-Za-z\d._-]+)+", re.ASCII)
_PIECES = re.compile(r"[、,，;；/\s和]+")


def _string_parser(field: Field) -> CellParser:
    is_body = field.format == "body"

    def parse(text: str) -> Value:
        if _CLEAN.fullmatch(text):
            if "（" in text and _has_unclosed_bracket(text):
                return Value(text, problems.UNCLOSED_BRACKET.for_cell(field.title, text))
            return Value(text)
        folded = fold(text)
        codes = split_codes(folded) if _LINES_OF_CODES.fullmatch(folded) else []
        clean = tidy_spaces(widen_brackets("、".join(codes) or join_names(folded, bodies=is_body)))
        if not clean:
            return Value(None)
        problem = (
            problems.UNCLOSED_BRACKET.for_cell(field.title, clean) if _has_unclosed_bracket(clean) else None
        )
        return Value(clean, problem)

    return parse


def _has_unclosed_bracket(text: str) -> bool:
    return text.count("（") + text.count("(") > text.count("）") + text.count(")")


def _text_parser(_: Field) -> CellParser:
    def parse(text: str) -> Value:
        if _CLEAN_TEXT.fullmatch(text):
            return Value(text)
        clean = join_broken_lines(fold(text))
        return Value(clean or None)

    return parse


def _markdown_parser(_: Field) -> CellParser:
    def parse(text: str) -> Value:
        clean = clean_markdown(text)
        return Value(clean or None)

    return parse


_NO_CODE = frozenset({"无", "暂无", "没有", "未编码", "无编码", "待定", "待编"})


def _code_parser(field: Field) -> CellParser:
    def parse(text: str) -> Value:
        folded = fold(text)
        if folded in BLANKS or folded in _NO_CODE:
            return Value(None)
        if is_spoilt(folded):
            return Value(None, problems.CODE_SPOILT.for_cell(field.title, folded))
        if codes := split_codes(folded):
            return Value(
                "、".join(codes), problems.SEVERAL_CODES.for_cell(field.title, folded, str(len(codes)))
            )
        clean = "".join(folded.split()).lstrip("'’‘")  # the mark of a text in a spreadsheet
        if clean.endswith(".0") and clean[:-2].isdecimal():  # a spreadsheet stored the code as a number
            clean = clean[:-2]
        problem = problems.CODE_ROUNDED.for_cell(field.title, clean) if lost_digits(clean) else None
        return Value(clean or None, problem)

    return parse


def _document_number_parser(field: Field) -> CellParser:
    def parse(text: str) -> Value:
        clean = join_lines(fold(text), between_numbers="、")
        if not clean or clean == "无" or clean in BLANKS:
            return Value(None)
        repair = find_repair(clean)  # before the lenient parser for typed numbers, which ignores damage
        if repair and repair.kind == "number" and repair.original == clean and repair.value:
            problem = problems.REPAIRED.for_cell(field.title, clean, repair.value)
            return Value(repair.value, problem)
        if citation := parse_number(clean):
            return Value(citation.standard)
        return Value(clean, problems.NO_DOCUMENT_NUMBER.for_cell(field.title, clean))

    return parse


def _division_parser(field: Field) -> CellParser:
    def parse(text: str) -> Value:
        pieces = fold(text).split()
        clean = "".join(pieces).removesuffix(".0")
        if not clean or clean in BLANKS:
            return Value(None)
        if len(pieces) > 1 and all(administrative_divisions.name_of(piece) for piece in pieces):
            words = "：" + "、".join(pieces)
            return Value(None, problems.AMBIGUOUS_DIVISION.for_cell(field.title, " ".join(pieces), words))
        if clean.isdecimal():
            code = administrative_divisions.pad_code(clean)
            in_table = administrative_divisions.name_of(clean) is not None
            problem = None if in_table else problems.UNKNOWN_DIVISION.for_cell(field.title, clean)
            return Value(code, problem)
        codes = administrative_divisions.find_codes(clean)
        if len(codes) == 1:
            return Value(administrative_divisions.pad_code(codes[0]))
        choices = "、".join(
            f"{administrative_divisions.pad_code(c)} {administrative_divisions.full_name_of(c)}"
            for c in codes[:8]
        )
        words = f"：{choices}" if choices else ""
        return Value(None, problems.AMBIGUOUS_DIVISION.for_cell(field.title, clean, words))

    return parse


def _deadline_parser(field: Field) -> CellParser:
    def parse(text: str) -> Value:
        clean = join_lines(fold(text))
        if not clean or clean in BLANKS or "".join(clean.split()) in OPEN_ENDED:
            return Value(None)
        deadline = read_deadline(clean)
        if deadline is None:
            problem = problems.DEADLINE_AS_TEXT.for_cell(field.title, clean)
            return Value(None, problem)
        return Value(deadline.value)

    return parse


_STRINGS: dict[str, Callable[[Field], CellParser]] = {
    "default": _string_parser,
    "body": _string_parser,
    "text": _text_parser,
    "markdown": _markdown_parser,
    "code": _code_parser,
    "document-number": _document_number_parser,
    "division": _division_parser,
    "deadline": _deadline_parser,
}


_NO_NUMBER = re.compile(r"\d+(?:[^\w.]+\d+)+|[√✓✔☑✅●○◎◆■▲★]+\s*\d+")
"""1、2: not the word whose number is 12; √1: a tick with the number of a note."""


_MARKS = re.compile(
    r"[√✓✔☑✅●○◯〇◎◆◇■□▲△★☆×✗✘✕✖╳❌☒☐ü]+\ufe0f?\s*(?:[（(].*[）)]|\d+)?|[VvYyPpXxOoNn是否有对]", re.DOTALL
)
"""Ticks, also with a note, which are no word: the word that they choose is in a heading."""


def _vocabulary_parser(field: Field) -> CellParser:
    words = {heading_key(word): t.value for t in field.vocabulary for word in (t.value, *t.aliases)}
    values = frozenset(term.value for term in field.vocabulary)
    choices = "、".join(term.value for term in field.vocabulary)

    def parse(text: str) -> Value:
        if text in values:
            return Value(text)
        clean = join_lines(fold(text))
        if not clean or clean in BLANKS:
            return Value(None)
        word = clean.removesuffix(".0")
        value = None if _NO_NUMBER.fullmatch(word) else words.get(heading_key(word))
        if value is None and field.open_vocabulary and not _MARKS.fullmatch(clean):
            keys = filter(None, map(heading_key, _PIECES.split(fold(text))))
            pieces = [words.get(key) for key in keys]
            value = "、".join(p for p in pieces if p) if len(pieces) > 1 and all(pieces) else clean
        if value is None:
            return Value(None, problems.UNKNOWN_WORD.for_cell(field.title, clean, choices))
        return Value(value)

    return parse


# --- other types: a function from clean text to a value or a problem ----


type _ValueOrProblem = tuple[Json, CellProblem | None]


def _typed_parser(field: Field, parse_typed: Callable[[Field, str], _ValueOrProblem]) -> CellParser:
    join = _JOINS.get((field.type, field.format), join_lines)

    def parse(text: str) -> Value:
        clean = join(fold(text))
        if not clean or clean in BLANKS:
            return Value(None)
        value, problem = parse_typed(field, clean)
        return Value(value, problem)

    return parse


def _or_problem(value: Json, kind: CellProblemKind, field: Field, text: str) -> _ValueOrProblem:
    """Return a value, or the problem of a text that could not be read as one."""
    return value, kind.for_cell(field.title, text) if value is None else None


def _parse_date(field: Field, text: str) -> _ValueOrProblem:
    if day := read_date(text):
        if FIRST_YEAR <= day.year <= datetime.now(UTC).year + YEARS_AHEAD:
            return day.isoformat(), None
        return day.isoformat(), problems.DATE_UNLIKELY.for_cell(field.title, text, str(YEARS_AHEAD))
    repair = find_repair(text)
    if repair and repair.kind == "date" and repair.original == text:
        words = "、".join(repair.readings)
        if repair.value:
            return repair.value, problems.REPAIRED.for_cell(field.title, text, words)
        return None, problems.AMBIGUOUS_DATE.for_cell(field.title, text, words)
    return None, problems.UNREADABLE_DATE.for_cell(field.title, text)


def _parse_limit(field: Field, text: str) -> _ValueOrProblem:
    reading = read_limit(text, field.unit)
    if reading is None:
        return None, problems.UNREADABLE_LIMIT.for_cell(field.title, text)
    if reading.limit is None:
        problem = problems.LIMIT_AS_TEXT.for_cell(field.title, text) if reading.kind == "text" else None
        return None, problem
    value: Json = {"value": reading.limit.value, "unit": reading.limit.unit}
    kind = problems.LIMIT_CONVERTED if reading.limit.converted else problems.LIMIT_WITH_CONDITION
    if reading.limit.converted or reading.limit.rest:
        return value, kind.for_cell(field.title, text, format_value(field, value))
    return value, None


def _parse_amount(field: Field, text: str) -> _ValueOrProblem:
    amount = read_amount(text, field.unit or "元")
    return _or_problem(amount and amount_value(amount), problems.UNREADABLE_AMOUNT, field, text)


def amount_value(amount: Amount) -> Json:
    """Return an amount as a value: its parts by name, without blank ones."""
    return {name: part for name, part in amount._asdict().items() if part}


def _parse_integer(field: Field, text: str) -> _ValueOrProblem:
    return _or_problem(read_integer(text, field.unit), problems.UNREADABLE_NUMBER, field, text)


def _parse_decimal(field: Field, text: str) -> _ValueOrProblem:
    return _or_problem(read_decimal(text, field.unit), problems.UNREADABLE_NUMBER, field, text)


def _parse_boolean(field: Field, text: str) -> _ValueOrProblem:
    return _or_problem(read_boolean(text), problems.UNREADABLE_YES_NO, field, text)


def _parse_list(field: Field, text: str) -> _ValueOrProblem:
    if field.format != "citations":
        return list(_split_items(text)) or None, None
    citations, rest = split_citations(text)
    problem = None
    if _has_unclosed_bracket(text):
        problem = problems.UNCLOSED_BRACKET.for_cell(field.title, text)
    elif rest:
        problem = problems.NO_CITATION.for_cell(field.title, text, "；".join(rest))
    return list(citations) or None, problem


def _split_items(text: str) -> Iterator[str]:
    """Yield the items of a list: each ends at a ； or at the end of its line."""
    return (item for part in _ITEM_END.split(text) if (item := part.strip(" ")))


_ITEM_END = re.compile(r"[；\n]")
_PIECE_OF_ADDRESS = re.compile(r"(?!https?:)[!-~]+")
_FILE_TYPE = re.compile(r"\.[A-Za-z]\w{1,4}$")


def _parse_files(_: Field, text: str) -> _ValueOrProblem:
    """Parse ``name address``, or one of the two, of each file; both may have a line of their own.

    A line that continues an address has neither a name nor a scheme, and the address no type of file yet.
    """
    files: list[tuple[str, str]] = []
    for item in _split_items(text):
        name, url = _split_file(item)
        before = files[-1] if files else ("", "")
        if url:
            if not name and before[0] and not before[1]:
                name = files.pop()[0]
            files.append((name, url))
        elif before[1] and not _FILE_TYPE.search(before[1]) and _PIECE_OF_ADDRESS.fullmatch(item):
            files[-1] = (before[0], before[1] + item)
        else:
            files.append((name, ""))
    return [_build_file(name, url) for name, url in files] or None, None


def _split_file(item: str) -> tuple[str, str]:
    """Return the name and the address of an item; each may be blank."""
    name, _, url = item.rpartition(" ")
    return (name.strip(), url) if url.startswith(("http://", "https://")) else (item, "")


def _build_file(name: str, url: str) -> Json:
    return {"name": name or url.rpartition("/")[2] or url, "url": url} if url else {"name": name}


_JOINS: dict[tuple[str, str], Callable[[str], str]] = {
    ("list", "default"): join_broken_lines,
    ("list", "citations"): partial(join_lines, between_numbers="；"),
    ("files", "default"): str,
}
"""Type and format of a field → how the lines of its cells are joined; of all others, those of one value."""

_TYPED: dict[str, Callable[[Field, str], _ValueOrProblem]] = {
    "date": _parse_date,
    "limit": _parse_limit,
    "amount": _parse_amount,
    "integer": _parse_integer,
    "decimal": _parse_decimal,
    "boolean": _parse_boolean,
    "list": _parse_list,
    "files": _parse_files,
}
