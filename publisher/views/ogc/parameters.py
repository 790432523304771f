"""Query parameters of the OGC routes. An unknown parameter is an error 400 (17-069r4, section 7.15)."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Literal
from urllib.parse import parse_qsl

import msgspec

from publisher.log.clocks import day_at
from publisher.log.model import View
from publisher.views.ogc.bounding_box import Box
from publisher.views.ogc.errors import OgcError, invalid
from publisher.views.ogc.item_source import Window
from publisher.web.conditional_requests import best_media
from publisher.web.query_parameters import DEFAULT_LIMIT, MAX_LIMIT, MAX_QUERY, nearest
from schemas.words import Lang

type Format = Literal["json", "html", "csv"]

COMMON = frozenset({"f", "lang"})
VIEW = frozenset({"as_of", "known_at", "release"})
ITEMS = frozenset(
    {
        *("limit", "offset", "cursor", "bbox", "datetime", "q", "sortby", "properties", "skipGeometry"),
        *("filter", "filter-lang", "filter-crs"),
    }
)
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
MAX_OFFSET = 2**31 - 1

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_MEDIA: Mapping[str, Format] = {
    "application/geo+json": "json",
    "application/json": "json",
    "application/schema+json": "json",
    "application/vnd.oai.openapi+json": "json",
    "text/html": "html",
    "text/csv": "csv",
}
_LANGUAGE = re.compile(r"(zh|en|\*)(?:-[A-Za-z0-9-]+)?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?", re.IGNORECASE)
_TRUTHS: Mapping[str, bool] = {"true": True, "false": False}


class Parameters(msgspec.Struct, frozen=True):
    """A request's parameters, each given once, with the negotiated language and format."""

    values: Mapping[str, str]
    language: Lang
    format: Format
    media: str = ""
    """Media type negotiated by ``Accept``; empty without that header."""

    def say(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en or zh


def parse(
    raw: bytes,
    headers: Mapping[str, str],
    allowed: Collection[str],
    formats: tuple[Format, ...] = ("json", "html"),
    *,
    own: str = "application/json",
) -> Parameters:
    """Parse and validate a query string. ``own``: an additional JSON media type of the response.

    Raises :class:`OgcError`: 400 for an unknown, repeated or malformed parameter, 406 for a media type.
    """
    values = pairs(raw)
    for name in values:
        if name not in allowed and name not in COMMON:
            near = nearest(name, sorted({*allowed, *COMMON}))
            zh, en = (f"您要的可能是“{near}”。", f"did you mean “{near}”?") if near else ("", "")
            raise invalid(name[:100], f"无法识别这个参数。{zh}", f"unknown parameter; {en}".rstrip("; "))
    media = {own: "json", **_MEDIA} if own not in _MEDIA else _MEDIA
    return Parameters(values, _language(values, headers), *_format(values, headers, formats, media))


def pairs(raw: bytes) -> dict[str, str]:
    """Split a query string. Raises :class:`OgcError` for one that is too long, or repeats a parameter."""
    if len(raw) > MAX_QUERY:
        raise OgcError(414, "InvalidParameterValue", "查询过长。", "The query is too long.")
    try:
        decoded = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError as error:
        raise invalid("", "不是有效的查询串。", "not a valid query string.") from error
    values: dict[str, str] = {}
    for name, value in decoded:
        if name in values:
            raise invalid(name[:100], "只能出现一次。", "may occur only once.")
        if _CONTROL.search(name) or _CONTROL.search(value):
            raise invalid(_CONTROL.sub("�", name)[:100], "含有控制字符。", "contains a control character.")
        values[name] = value
    return values


def _language(values: Mapping[str, str], headers: Mapping[str, str]) -> Lang:
    lang = values.get("lang")
    if lang is not None:
        primary = lang.lower().partition("-")[0]
        if primary not in ("zh", "en"):
            raise invalid("lang", "应为 zh 或 en。", "should be zh or en.")
        return "en" if primary == "en" else "zh"
    best: tuple[float, Lang] = (0.0, "zh")
    for part in headers.get("accept-language", "").split(","):
        match = _LANGUAGE.fullmatch(part.strip())
        if match is not None and float(match[2] or 1) > best[0]:
            best = (float(match[2] or 1), "en" if match[1].lower() == "en" else "zh")
    return best[1]


def _format(
    values: Mapping[str, str],
    headers: Mapping[str, str],
    formats: tuple[Format, ...],
    media: Mapping[str, Format],
) -> tuple[Format, str]:
    f = values.get("f")
    if f is not None:
        for form in formats:
            if f == form:
                return form, ""
        raise invalid("f", f"应为 {'、'.join(formats)}。", f"should be one of {', '.join(formats)}.")
    accept = headers.get("accept")
    if not accept:
        return "json", ""
    offered = [media_type for media_type, form in media.items() if form in formats]
    best = best_media(accept, offered)
    if best is None:
        names = ", ".join(offered)
        raise OgcError(406, "NotAcceptable", f"这里只提供 {names}。", f"Only {names} is available here.")
    return media[best], best


def view(values: Mapping[str, str]) -> View:
    """Parse the requested state. Raises :class:`OgcError` (400)."""
    release = values.get("release")
    if release is not None:
        if "as_of" in values or "known_at" in values:
            raise invalid("release", "已同时固定 as_of 与 known_at。", "pins both clocks already.")
        if not re.fullmatch(r"[1-9][0-9]{0,8}", release):
            raise invalid("release", "应为正整数。", "a positive integer is needed.")
        return View(release=int(release))
    as_of, known_at = values.get("as_of"), values.get("known_at")
    return View(
        as_of=None if as_of is None else _day("as_of", as_of),
        known_at=None if known_at is None else _instant("known_at", known_at),
    )


def window(values: Mapping[str, str], fields: Collection[str]) -> Window:
    """Parse the window of items. ``fields``: the properties that an item may have. Raises 400."""
    # A plus in a query string is a space.
    words = [word.replace(" ", "+", 1) for word in values["sortby"].split(",")] if "sortby" in values else []
    sort = tuple((word[1:] if word[:1] in ("+", "-") else word, word[:1] == "-") for word in words)
    chosen = tuple(values["properties"].split(",")) if "properties" in values else ()
    for parameter, names in (("properties", chosen), ("sortby", [name for name, _ in sort])):
        for name in names:
            if name not in fields:
                short = name[:100]
                raise invalid(parameter, f"没有字段“{short}”。", f"unknown property “{short}”.")
    return Window(
        whole("offset", values.get("offset"), least=0, default=0),
        # A limit over the largest is not an error (17-069r4, 7.15.2).
        min(whole("limit", values.get("limit"), least=1, default=DEFAULT_LIMIT, most=10**18), MAX_LIMIT),
        sort,
        chosen,
        geometry=not truth("skipGeometry", values.get("skipGeometry")),
    )


def during(text: str | None) -> tuple[date | None, date | None] | None:
    """Parse ``datetime`` as days of effect in Asia/Shanghai, both included; None is open. Raises 400."""
    if text is None:
        return None
    begin, slash, end = text.partition("/")
    if not slash:
        day = _day_of_time(begin)
        return day, day
    first = None if begin in ("", "..") else _day_of_time(begin)
    last = None if end in ("", "..") else _day_of_time(end)
    if first is not None and last is not None and first > last:
        raise invalid("datetime", "起点在终点之后。", "begins after it ends.")
    return first, last


def bbox(text: str | None) -> Box | None:
    """Parse west, south, east, north in degrees; heights are ignored. Raises 400."""
    if text is None:
        return None
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError as error:
        raise invalid("bbox", "应为4个或6个数。", "4 or 6 numbers are needed.") from error
    if len(numbers) not in (4, 6) or not all(map(math.isfinite, numbers)):
        raise invalid("bbox", "应为4个或6个数。", "4 or 6 numbers are needed.")
    west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
    if south > north:
        raise invalid("bbox", "南边在北边之北。", "its south is north of its north.")
    return west, south, east, north


def truth(name: str, text: str | None) -> bool:
    """Parse ``true`` or ``false``; absent is false. Raises 400."""
    if text is None:
        return False
    if text not in _TRUTHS:
        raise invalid(name, "应为 true 或 false。", "true or false is needed.")
    return _TRUTHS[text]


def whole(name: str, text: str | None, *, least: int, default: int, most: int = MAX_OFFSET) -> int:
    """Parse digits of a number from ``least`` to ``most``. Raises 400."""
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", text) or not least <= int(text) <= most:
        raise invalid(name, f"应为{least}至{most}的整数。", f"an integer from {least} to {most} is needed.")
    return int(text)


def _day_of_time(text: str) -> date:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return _day("datetime", text)
    return day_at(_instant("datetime", text))


def _day(name: str, text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise invalid(name, "应为日期，如2015-12-31。", "a date such as 2015-12-31 is needed.")


def _instant(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.upper().replace(" ", "+"))
        if moment.tzinfo is not None and 1 < moment.year < 9999:
            return moment.astimezone(UTC)
    except ValueError:
        pass
    raise invalid(
        name, "应为时刻，如2015-12-31T00:00:00Z。", "a time such as 2015-12-31T00:00:00Z is needed."
    )
