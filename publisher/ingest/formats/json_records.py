"""Records of JSON and JSON Lines files. Decimals stay text, exactly as written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from publisher.ingest.findings.files import BAD_JSON, NOT_RECORDS, TOO_LARGE
from publisher.ingest.findings.kind import Bilingual
from publisher.ingest.formats.errors import ReaderError

_BYTE = re.compile(r"\(byte (\d+)\)")

type Record = dict[str, object]

MAX_LINE = 16 << 20
MOST_DEPTH = 4
"""Deepest nesting of the only array of records in an object: ``{"data": {"list": […]}}``."""


class JsonLines:
    """JSON Lines, decoded again by every iteration; blank lines are skipped.

    At the first line that is not an object, iteration raises the exception that ``fail`` returns for a
    :class:`ReaderError`.
    """

    def __init__(
        self, chunks: Callable[[], Iterable[bytes]], fail: Callable[[ReaderError], Exception]
    ) -> None:
        self._chunks = chunks
        self._fail = fail

    def __iter__(self) -> Iterator[Record]:
        decoder = msgspec.json.Decoder(dict[str, Any], float_hook=str)
        number = 0
        try:
            for line in _iter_lines(self._chunks()):
                number += 1
                if not line or line.isspace():
                    continue
                yield decoder.decode(line)
        except msgspec.ValidationError as problem:
            detail = Bilingual(f"第{number}行不是对象", f"line {number} is not an object")
            raise self._fail(ReaderError(NOT_RECORDS, detail, row=number)) from problem
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
            place = _locate_error(line, problem, number)
            raise self._fail(ReaderError(BAD_JSON, place, row=number)) from problem
        except ReaderError as problem:
            raise self._fail(problem) from problem


def _locate_error(data: bytes, problem: Exception, first: int = 1) -> Bilingual:
    """Line and character of a syntax error. ``first``: number of the first line of ``data``."""
    match problem, _BYTE.search(str(problem)):
        case RecursionError(), _:
            return Bilingual("嵌套过深处", "a place that is nested too deeply")
        case UnicodeDecodeError(start=int(end)), _:
            pass
        case _, re.Match() as byte:
            end = int(byte[1])
        case _:  # the data end too early
            end = len(data)
    before = data[:end]
    line = first + before.count(b"\n")
    column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
    return Bilingual(f"第{line}行第{column}个字符处", f"line {line}, character {column}")


def _iter_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        lines = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
        rest = lines.pop()
        if len(rest) > MAX_LINE:
            raise ReaderError(TOO_LARGE, Bilingual("有一行过长", "a line is too long"))
        yield from lines
    if rest:
        yield rest


def decode_records(data: bytes) -> list[Record]:
    """Return the records of one JSON document. Raises :class:`ReaderError`."""
    try:
        value = msgspec.json.Decoder(float_hook=str).decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise ReaderError(BAD_JSON, _locate_error(data, problem)) from problem
    rows = value if isinstance(value, list) else _find_only_array(value)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            zh, en = _describe_type(row)
            detail = Bilingual(f"第{number}个元素是{zh}，不是对象", f"item {number} is {en}, not an object")
            raise ReaderError(NOT_RECORDS, detail, row=number)
    return rows


def _find_only_array(value: object) -> list[Any]:
    arrays = list(_iter_arrays(value, MOST_DEPTH)) if isinstance(value, dict) else []
    if len(arrays) == 1:
        return arrays[0]
    if isinstance(value, dict) and not arrays:
        return [value]
    zh, en = (f"含{len(arrays)}个数组", f"{len(arrays)} arrays") if arrays else _describe_type(value)
    raise ReaderError(NOT_RECORDS, Bilingual(f"内容是{zh}" if not arrays else zh, en))


def _describe_type(value: object) -> Bilingual:
    match value:
        case None:
            return Bilingual("空值", "null")
        case bool():
            return Bilingual("是非值", "a boolean")
        case int():
            return Bilingual("数字", "a number")
        case list():
            return Bilingual("数组", "an array")
        case _:
            return Bilingual("文字", "text")


def _iter_arrays(value: dict[str, Any], depth: int) -> Iterator[list[Any]]:
    """Yield arrays of objects in nested objects; arrays of plain values are fields of a record."""
    for child in value.values():
        if isinstance(child, list) and child and all(isinstance(item, dict) for item in child):
            yield child
        elif isinstance(child, dict) and depth:
            yield from _iter_arrays(child, depth - 1)


def is_json(text: str) -> bool:
    """Test for a JSON value of any kind in brackets, also one that contains no records."""
    if text.lstrip()[:1] not in {"[", "{"}:
        return False
    try:
        msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def is_lines(data: bytes) -> bool:
    """Test for JSON Lines: the first line is an object and more lines follow."""
    first, _, rest = data.lstrip().partition(b"\n")
    if len(first) > MAX_LINE or not rest or rest.isspace():
        return False
    try:
        return isinstance(msgspec.json.decode(first), dict)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
