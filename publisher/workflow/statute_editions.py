"""Editions of statutes made from their texts: rows with hashes of the articles, without the texts.

The texts are JSON Lines, gzipped or not; a line is an article: ``law``, ``version_date`` (ISO 8601, or
empty), ``category``, ``article`` and ``text``. Lines of an edition need not follow one another.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from schemas.cells.quantities import read_date
from schemas.reference import administrative_divisions
from schemas.reference.article_hashes import encode_articles

_GZIP = b"\x1f\x8b"
_LOCAL = "地方性法规"
_KINDS = (_LOCAL, "行政法规", "部门规章", "地方政府规章", "司法解释", "监察法规")
"""Kinds that a category names; the other categories are branches of law."""
_IN_FORCE_FROM = re.compile(
    r"自\s*(?P<day>[\d一二三四五六七八九〇○零]{4}年[\d一二三四五六七八九十]{1,3}月[\d一二三四五六七八九十]{1,3}日)起?(?:施行|实施|生效)"
)
_LATEST_EFFECT = timedelta(days=3 * 366)
"""An amended edition keeps the sentence of the first one, so that an earlier day is not its own."""
_PLACE = re.compile(r".{2,12}?(?:自治区|自治州|省|市|地区|盟)")
_SOURCE = "公开法律文本汇编"


class Article(msgspec.Struct):
    """A line of the texts. Other properties are ignored."""

    law: str
    article: str
    text: str
    version_date: str = ""
    category: str = ""


_decode = msgspec.json.Decoder(Article).decode


class NotTextsError(ValueError):
    """A line is not an article of a statute. ``line``: its number, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is not an article of a statute")
        self.line = line


class DamagedTextsError(ValueError):
    """The file is damaged or incomplete, or is not in UTF-8."""


class _Edition(msgspec.Struct):
    category: str
    articles: dict[str, str] = msgspec.field(default_factory=dict)


def contains_texts(data: bytes) -> bool:
    """Test whether a file contains texts of statutes, and not a list of them.

    Raises :class:`DamagedTextsError`.
    """
    first = next(iter(_lines(data)), b"")
    try:
        _decode(first)
    except msgspec.DecodeError:
        return False
    except UnicodeDecodeError as error:
        raise DamagedTextsError from error
    return True


def editions_from_texts(data: bytes, *, hash_clauses_of_local: bool = True) -> list[dict[str, Any]]:
    """Build the rows of the editions, sorted by title and day.

    Without ``hash_clauses_of_local``, local regulations have hashes of whole articles only. Raises
    :class:`NotTextsError`, :class:`DamagedTextsError`.
    """
    editions: dict[tuple[str, str], _Edition] = {}
    for number, line in enumerate(_lines(data), 1):
        try:
            article = _decode(line)
            if article.version_date:
                date.fromisoformat(article.version_date)
        except (msgspec.DecodeError, ValueError) as error:
            raise NotTextsError(number) from error
        edition = editions.setdefault((article.law, article.version_date), _Edition(article.category))
        edition.articles.setdefault(article.article, article.text)
    return [
        _row(
            title, version, edition, by_clause=hash_clauses_of_local or not edition.category.endswith(_LOCAL)
        )
        for (title, version), edition in sorted(editions.items())
    ]


def _lines(data: bytes) -> Iterator[bytes]:
    packed = io.BytesIO(data)
    with gzip.GzipFile(fileobj=packed) if data.startswith(_GZIP) else packed as lines:
        try:
            yield from (line for line in lines if line.strip())
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DamagedTextsError(str(error)) from error


def _row(title: str, version: str, edition: _Edition, *, by_clause: bool) -> dict[str, Any]:
    kind = next(
        (kind for kind in _KINDS if edition.category.endswith(kind)), "法律" if edition.category else ""
    )
    return {
        "title": title,
        "kind": kind,
        "rank": _rank(title, kind),
        "version": version,
        "effective": _effective(version, list(edition.articles.values())),
        "article_count": len(edition.articles),
        "article_hashes": encode_articles(edition.articles.items(), by_clause=by_clause),
        "source": _SOURCE,
    }


def _rank(title: str, kind: str) -> str:
    """Return the level of the body that made it; empty if the title does not begin with its place."""
    if kind not in {_LOCAL, "地方政府规章"}:
        return "国家级" if kind else ""
    place = _PLACE.match(title)
    codes = administrative_divisions.find_codes(place[0]) if place else ()
    return {2: "省级", 4: "设区的市级"}.get(len(codes[0]), "") if len(codes) == 1 else ""


def _effective(version: str, texts: Sequence[str]) -> str:
    """Return the day that the last article states, if it is that of the edition."""
    statement = _IN_FORCE_FROM.search(texts[-1])
    day = read_date(statement["day"]) if statement else None
    if day is None or not version:
        return ""
    adopted = date.fromisoformat(version)
    return day.isoformat() if adopted <= day <= adopted + _LATEST_EFFECT else ""
