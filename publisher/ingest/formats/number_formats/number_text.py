"""Texts of numbers in a format: ``0.0%``, ``00000``, ``#,##0``, ``0.00E+00``, ``# ?/?``, ``0"元/证"``."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

from publisher.ingest.formats.number_formats.format_code import Section, Token
from publisher.ingest.formats.number_formats.numerals import write_digits, write_number

_PRECISION = 15
"""Significant digits that spreadsheet programs keep of a number."""


def plain_decimal(value: float) -> Decimal:
    """Convert a stored number to the decimal that a program shows at most: 0.1 + 0.2 is 0.3."""
    return Context(prec=_PRECISION).create_decimal(repr(value)).normalize()


def plain_text(value: float) -> str:
    """Write a number without an exponent: 1.0 is ``1``."""
    return format(plain_decimal(value) + 0, "f")


def general_text(value: float) -> str:
    """Write a number in the format General. From 10¹⁵ on it has an exponent, as digits are lost there."""
    number = plain_decimal(value)
    if number and not -10 <= number.adjusted() < _PRECISION:
        mantissa = Context(prec=6).create_decimal(number)
        exponent = mantissa.adjusted()
        scaled = format(mantissa.scaleb(-exponent).normalize(), "f")
        return f"{scaled}E{'-' if exponent < 0 else '+'}{abs(exponent):02}"
    return format(number + 0, "f")


def format_general(section: Section, value: float, *, minus: bool, exact: bool) -> str:
    text = plain_text(abs(value)) if exact else general_text(abs(value))
    if section.numerals and not exact:
        text = write_number(text, section.numerals)
    body = "".join(text if t.kind in {"general", "text"} else _literal(t) for t in section.tokens)
    return ("-" if minus else "") + body.strip()


def format_number(section: Section, value: float, *, minus: bool, exact: bool) -> str:
    """Format a number; with ``exact``, with all its decimals and in digits, however many the format shows."""
    tokens = section.tokens
    digits = [i for i, t in enumerate(tokens) if t.kind == "digit"]
    if not digits:
        return ("-" if minus and any(t.kind == "percent" for t in tokens) else "") + "".join(
            map(_literal, tokens)
        ).strip()
    number = abs(plain_decimal(value)) * 100 ** sum(t.kind == "percent" for t in tokens)
    number = number.scaleb(-3 * _scaling_commas(tokens, digits[-1]))
    point = next((i for i, t in enumerate(tokens) if t.kind == "point"), len(tokens))
    if exact and any(t.kind == "literal" and "." in t.text for t in tokens[digits[0] : digits[-1]]):
        return plain_text(value)  # the point of 1.2万 is not one of the format, so the unit is another one
    places = sum(i > point for i in digits)
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, Context(prec=400))
    if exact and rounded != number:
        rounded = number.normalize()
    whole, _, fraction = format(rounded, "f").partition(".")
    grouped = any(t.kind == "comma" and digits[0] < i < min(point, digits[-1]) for i, t in enumerate(tokens))
    left = _fill_whole(tokens[:point], whole.lstrip("0"), grouped=grouped)
    right = _fill_fraction(tokens[point:], fraction)
    if exact and point == len(tokens) and fraction.strip("0"):
        left = _insert_fraction(tokens, whole, fraction, grouped=grouped)
    text = left + right
    if section.numerals and not exact:
        text = write_digits(text, section.numerals)
    return ("-" if minus and number else "") + text.strip()


def _insert_fraction(tokens: Sequence[Token], whole: str, fraction: str, *, grouped: bool) -> str:
    """Write decimals that the format does not show, after its last digit."""
    last = max(i for i, t in enumerate(tokens) if t.kind == "digit") + 1
    after = "".join(map(_literal, tokens[last:]))
    return f"{_fill_whole(tokens[:last], whole.lstrip('0') or '0', grouped=grouped)}.{fraction}{after}"


def _literal(token: Token) -> str:
    return token.text if token.kind in {"literal", "percent", "slash"} else ""


def _scaling_commas(tokens: Sequence[Token], last_digit: int) -> int:
    """Count the commas directly after the digits before the point, each of which divides by 1000."""
    point = next((i for i, t in enumerate(tokens) if t.kind == "point"), len(tokens))
    before = [i for i, t in enumerate(tokens) if t.kind == "digit" and i < point] or [last_digit]
    total = 0
    for end in {before[-1], last_digit}:
        for token in tokens[end + 1 :]:
            if token.kind != "comma":
                break
            total += 1
    return total


def _fill_whole(tokens: Sequence[Token], digits: str, *, grouped: bool) -> str:
    """Fill the digits before the point into their places, from the right."""
    places = [i for i, t in enumerate(tokens) if t.kind == "digit"]
    first = places[0] if places else -1
    parts: list[str] = []
    position = 0
    rest = digits if not places else ""
    for index in range(len(tokens) - 1, -1, -1):
        token = tokens[index]
        if token.kind != "digit":
            parts.append(_literal(token))
            continue
        count = max(len(digits) - position, 1) if index == first else 1
        for _ in range(count):
            digit = (
                digits[-1 - position] if position < len(digits) else {"0": "0", "?": " "}.get(token.text, "")
            )
            separator = "," if grouped and digit.strip() and position and position % 3 == 0 else ""
            parts.append(digit + separator)
            position += 1
    return "".join(reversed(parts)) + rest


def _fill_fraction(tokens: Sequence[Token], digits: str) -> str:
    """Fill the digits after the point into their places; ``#`` and ``?`` drop zeros at the end."""
    places = [i for i, t in enumerate(tokens) if t.kind == "digit"]
    shows_digits = bool(digits.strip("0")) or any(tokens[i].text != "#" for i in places)
    parts: list[str] = []
    position = 0
    for index, token in enumerate(tokens):
        if token.kind == "point":
            parts.append("." if shows_digits else "")
        elif token.kind != "digit":
            parts.append(_literal(token))
        else:
            digit = digits[position:] if index == places[-1] else digits[position : position + 1]
            if token.text != "0" and not digits[position:].strip("0"):
                digit = " " if token.text == "?" else ""
            parts.append(digit)
            position += 1
    return "".join(parts)


def format_scientific(section: Section, value: float, *, minus: bool, exact: bool) -> str:
    if exact:
        return ("-" if minus else "") + plain_text(abs(value))
    tokens = section.tokens
    at = next(i for i, t in enumerate(tokens) if t.kind == "exponent")
    point = next((i for i, t in enumerate(tokens[:at]) if t.kind == "point"), at)
    width = sum(t.kind == "digit" for t in tokens[:point]) or 1
    places = sum(t.kind == "digit" for t in tokens[point:at])
    number = abs(plain_decimal(value))
    exponent = number.adjusted() // width * width if number else 0
    mantissa = number.scaleb(-exponent).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if mantissa and mantissa.adjusted() >= width:
        exponent += width
        mantissa = number.scaleb(-exponent).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _, fraction = format(mantissa, "f").partition(".")
    sign = "-" if exponent < 0 else "+" if tokens[at].text == "+" else ""
    text = _fill_whole(tokens[:point], whole.lstrip("0"), grouped=False) + _fill_fraction(
        tokens[point:at], fraction
    )
    return (
        "-" if minus else ""
    ) + f"{text}E{sign}{_fill_whole(tokens[at + 1 :], str(abs(exponent)), grouped=False)}".strip()


def format_fraction(section: Section, value: float, *, minus: bool, exact: bool) -> str:
    """Format a number as a fraction: ``# ?/?`` shows 2.5 as ``2 1/2``."""
    if exact:
        return ("-" if minus else "") + plain_text(abs(value))
    tokens = section.tokens
    slash = next(i for i, t in enumerate(tokens) if t.kind == "slash")
    start = slash
    while start and tokens[start - 1].kind == "digit":
        start -= 1
    end = slash + 1
    while end < len(tokens) and (tokens[end].kind == "digit" or tokens[end].text.isdecimal()):
        end += 1
    mixed = any(t.kind == "digit" for t in tokens[:start])
    number = Fraction(abs(plain_decimal(value)))
    whole = int(number) if mixed else 0
    below = "".join(t.text for t in tokens[slash + 1 : end])
    if below.isdecimal() and int(below):
        numerator, denominator = round((number - whole) * int(below)), int(below)
    else:
        near = (number - whole).limit_denominator(10 ** len(below) - 1)
        numerator, denominator = near.numerator, near.denominator
    if mixed and numerator >= denominator:
        whole, numerator = whole + 1, 0
    head = (
        _fill_whole(tokens[:start], str(whole) if whole or not numerator else "", grouped=False)
        if mixed
        else ""
    )
    tail = "".join(map(_literal, tokens[end:]))
    part = f"{numerator}/{denominator}" if numerator or not mixed else ""
    text = f"{head if mixed else ''.join(map(_literal, tokens[:start]))}{part}{tail}"
    return ("-" if minus else "") + " ".join(text.split())
