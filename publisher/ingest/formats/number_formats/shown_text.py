"""The text that a spreadsheet program shows for a stored number, and the exact value in the same words."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from publisher.ingest.formats.number_formats.date_text import format_date, iso_text
from publisher.ingest.formats.number_formats.format_code import UnknownFormatError, parse_format
from publisher.ingest.formats.number_formats.number_text import (
    format_fraction,
    format_general,
    format_number,
    format_scientific,
    plain_decimal,
    plain_text,
)

_NUMBERS = {
    "number": format_number,
    "general": format_general,
    "scientific": format_scientific,
    "fraction": format_fraction,
}


class ShownText(NamedTuple):
    text: str
    """The text that the program shows: ``0.9元``."""
    exact: str
    """The stored value with the same unit, not rounded and in digits: ``0.85元``. A date in ISO 8601."""
    kind: Literal["number", "date", "long"]
    """``long``: a whole number of more than 15 digits, of which the last are lost."""


@lru_cache(maxsize=65_536)
def show_number(value: float, code: str, *, epoch_1904: bool = False) -> ShownText | None:
    """Return what a program shows for a number in a format; None if the format is not understood."""
    try:
        section, minus = parse_format(code).section_for(value)
        if section.kind == "date":
            text = format_date(section, value, epoch_1904=epoch_1904)
            return ShownText(text, iso_text(value, epoch_1904=epoch_1904), "date")
        if section.kind not in _NUMBERS:
            return None
        write = _NUMBERS[section.kind]
        text = write(section, value, minus=minus, exact=False)
        exact = write(section, value, minus=minus, exact=True)
        if not text or (value < 0 and "-" not in exact):  # (5) is a way to write -5
            exact = plain_text(value)
    except (UnknownFormatError, ArithmeticError, OverflowError):
        return None
    return ShownText(text, exact, "long" if abs(value) >= 1e15 else "number")


def show_text(text: str, code: str) -> str | None:
    """Return what a program shows for a text in a format (``@"件"``); None if that is unknown."""
    try:
        section = parse_format(code).text_section
    except UnknownFormatError:
        return None
    if section is None:
        return text
    return "".join(text if t.kind == "text" else t.text for t in section.tokens)


_NUMERAL = re.compile(r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<percent>\s*%)?")

_HAN_NUMERAL = re.compile("[一二三四五六七八九十百千零〇壹贰叁肆伍陆柒捌玖拾佰仟½¼¾⅓⅔]|^$")


def restore_number(text: str, value: float) -> ShownText:
    """Return the exact value in the words of a shown text (``0.9元`` for 0.85), without its format.

    Where the text does not show the number, for example 0.5 as 1/2, the exact text is the plain number.
    """
    kind: Literal["number", "long"] = "long" if abs(value) >= 1e15 else "number"
    numerals = list(_NUMERAL.finditer(text))
    if not numerals and not _HAN_NUMERAL.search(text):
        return ShownText(text, text, kind)  # 免费 for 0
    if len(numerals) == 1 and kind == "number" and "E" not in text:
        match = numerals[0]
        shown = Decimal(match["number"].replace(",", ""))
        number = abs(plain_decimal(value)) * (100 if match["percent"] else 1)
        if shown == number:
            return ShownText(text, text, kind)
        places = Decimal(1).scaleb(int(shown.as_tuple().exponent))
        if number.quantize(places, ROUND_HALF_UP, Context(prec=400)) == shown:
            exact = f"{text[: match.start()]}{number:f}{match['percent'] or ''}{text[match.end() :]}"
            return ShownText(text, exact, kind)
    return ShownText(text, plain_text(value), kind)
