"""Parser of the codes of number formats: ``0.00"元/证";[Red]-0.00;"免费";@`` (ECMA-376 part 1, 18.8.31).

A code has up to four sections: for positive numbers, negative ones, zero and text, or with conditions
(``[>=100]``). A section is a sequence of tokens.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

type SectionKind = Literal["number", "scientific", "fraction", "general", "date", "text"]


class UnknownFormatError(ValueError):
    """A format code that is not understood."""


class Token(NamedTuple):
    kind: Literal[
        "literal", "digit", "point", "comma", "percent", "exponent", "slash", "general", "text", "date"
    ]
    text: str


class Section(msgspec.Struct, frozen=True):
    kind: SectionKind
    tokens: tuple[Token, ...]
    condition: Callable[[float], bool] | None = None
    numerals: int = 0
    """1, 2 or 3 for ``[DBNum1]`` (一二三), ``[DBNum2]`` (壹贰叁), ``[DBNum3]`` (１２３); 0 for 123."""
    chinese: bool = False
    """Whether names of months and days are Chinese (``[$-804]`` and the like)."""


class FormatCode(msgspec.Struct, frozen=True):
    sections: tuple[Section, ...] = msgspec.field(default_factory=tuple)
    text_section: Section | None = None
    """The section for texts (``@"件"``). None if a text is shown as it is."""

    def section_for(self, value: float) -> tuple[Section, bool]:
        """Return the section of a number, and whether a minus sign goes before a negative one."""
        sections = self.sections
        if not sections:
            raise UnknownFormatError("no section for numbers")
        if any(section.condition for section in sections):
            return self._section_by_condition(value)
        if value < 0 and len(sections) > 1:
            return sections[1], False
        if value == 0 and len(sections) > 2:
            return sections[2], False
        return sections[0], value < 0

    def _section_by_condition(self, value: float) -> tuple[Section, bool]:
        for index, section in enumerate(self.sections):
            last = index == len(self.sections) - 1 and index > 0
            condition = section.condition or (_DEFAULTS[index] if index < 2 and not last else None)
            if condition is None or condition(value):
                return section, value < 0 and not (index > 0 and condition is _DEFAULTS[1])
        raise UnknownFormatError("no section for this number")


_DEFAULTS: tuple[Callable[[float], bool], Callable[[float], bool]] = (lambda v: v > 0, lambda v: v < 0)
"""Conditions of the first and second section where another section has one of its own."""
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq,
    "<>": operator.ne,
}  # fmt: skip
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General|G/通用格式|G/標準|G/标准|通用格式|Standard)|(?P<noon>AM/PM|A/P|上午/下午)"
    r"|(?P<exponent>E[+-])|(?P<clock>yyyy|yyy|yy|y|m{1,5}|d{1,4}|h{1,2}|s{1,2}(?:\.0{1,3})?|aaaa|aaa|e{1,4}|g{1,3})"
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<slash>/)|(?P<text>@)"
    r"|(?P<plain>[^A-Za-z\[\]\"\\])",
    re.IGNORECASE | re.DOTALL,
)
_ELAPSED = re.compile(r"h{1,2}|m{1,2}|s{1,2}", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_COLOUR = re.compile(
    r"(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d{1,2}|颜色 ?\d{1,2}"
    r"|[黑蓝青绿洋红白黄紫]{1,2}色?)",
    re.IGNORECASE,
)
_CURRENCY = re.compile(
    r"\$(?P<symbol>[^-]*)(?:-(?P<locale>[0-9A-Fa-f]{1,8}|[a-z]{2}-[A-Za-z-]{2,10}))?(?:,\d+)?"
)
_CHINESE_LOCALES = frozenset({0x04, 0x404, 0x804, 0xC04, 0x1004, 0x1404, 0x7804, 0x7C04})
_NUMERALS = {0x1E: 1, 0x1F: 2, 0x20: 3}
"""Highest byte of a locale: the Chinese numerals of ``[DBNum1]`` to ``[DBNum3]``."""
_SYSTEM_DATES = {"F800": 'yyyy"年"m"月"d"日"', "F400": "h:mm:ss"}
"""Formats ``[$-F800]`` and ``[$-F400]``: the long date and the time of the system, here a Chinese one."""


_GENERAL = Section("general", (Token("general", "General"),))


@lru_cache(maxsize=4096)
def parse_format(code: str) -> FormatCode:
    """Parse a format code. Raises :class:`UnknownFormatError`."""
    if match := re.match(r"\[\$-(?:x-sys(?:date|time)|F[48]00)", code):
        key = "F800" if "F800" in match[0] or "date" in match[0] else "F400"
        code = _SYSTEM_DATES[key]
    sections = [_parse_section(part) for part in _split_sections(code)]
    if len(sections) > 4:
        raise UnknownFormatError(code)
    text = next((s for s in sections if s.kind == "text"), None)
    if len(sections) == 4:
        return FormatCode(tuple(sections[:3]), sections[3])
    if text is not None and sections[-1] is text:
        return FormatCode(tuple(sections[:-1]) or (_GENERAL,), text)
    return FormatCode(tuple(sections), text)


def _split_sections(code: str) -> list[str]:
    parts, start, position = [], 0, 0
    while position < len(code):
        char = code[position]
        if char == '"':
            position = code.find('"', position + 1)
            if position < 0:
                raise UnknownFormatError(code)
        elif char in "\\!_*":
            position += 1
        elif char == "[":
            position = max(code.find("]", position), position)
        elif char == ";":
            parts.append(code[start:position])
            start = position + 1
        position += 1
    return [*parts, code[start:]]


class _SectionParser:
    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.condition: Callable[[float], bool] | None = None
        self.numerals = 0
        self.chinese = False

    def add_match(self, match: re.Match[str]) -> None:
        kind, text = match.lastgroup or "", match[match.lastgroup or 0]
        match kind:
            case "quoted" | "escaped" | "plain":
                self.tokens.append(Token("literal", text))
            case "space":
                self.tokens.append(Token("literal", " "))
            case "fill":
                pass
            case "bracket":
                self._add_bracket(text)
            case "general" | "digit" | "point" | "comma" | "percent" | "slash" | "text":
                self.tokens.append(Token(kind, text))
            case "exponent":
                self.tokens.append(Token("exponent", text[1]))
            case _:
                self.tokens.append(Token("date", text if text == "上午/下午" else text.lower()))

    def _add_bracket(self, text: str) -> None:
        if _ELAPSED.fullmatch(text):
            self.tokens.append(Token("date", f"[{text.lower()}]"))
        elif match := _CONDITION.fullmatch(text):
            compare, number = _OPERATORS[match[1]], float(match[2])
            self.condition = lambda value: compare(value, number)
        elif re.fullmatch(r"DBNum[123]", text, re.IGNORECASE):
            self.numerals = int(text[-1])
        elif match := _CURRENCY.fullmatch(text):
            self._add_currency(match)
        elif not _COLOUR.fullmatch(text):
            raise UnknownFormatError(f"[{text}]")

    def _add_currency(self, match: re.Match[str]) -> None:
        if match["symbol"]:
            self.tokens.append(Token("literal", match["symbol"]))
        locale = match["locale"] or ""
        if "-" in locale:
            self.chinese = self.chinese or locale.startswith("zh")
        elif locale:
            number = int(locale, 16)
            calendar, numerals = number >> 16 & 0xFF, number >> 24
            # Lunar years, or digits of another script.
            if calendar > 1 or (numerals > 1 and numerals not in _NUMERALS):
                raise UnknownFormatError(match[0])
            self.numerals = _NUMERALS.get(numerals, self.numerals)
            self.chinese = self.chinese or number & 0xFFFF in _CHINESE_LOCALES


def _parse_section(code: str) -> Section:
    parser = _SectionParser()
    position = 0
    while position < len(code):
        match = _TOKEN.match(code, position)
        if match is None:
            raise UnknownFormatError(code)
        parser.add_match(match)
        position = match.end()
    kind = _section_kind(parser.tokens)
    tokens = parser.tokens if kind in {"fraction", "date"} else [_slash_as_literal(t) for t in parser.tokens]
    if kind != "date" and any(t.kind == "date" for t in tokens):
        raise UnknownFormatError(code)
    return Section(kind, tuple(tokens), parser.condition, parser.numerals, parser.chinese)


def _slash_as_literal(token: Token) -> Token:
    return Token("literal", "/") if token.kind == "slash" else token


def _section_kind(tokens: list[Token]) -> SectionKind:
    kinds = [t.kind for t in tokens]
    if "date" in kinds:
        return "date"
    if "text" in kinds:
        return "text"
    if "general" in kinds:
        return "general"
    if "exponent" in kinds:
        return "scientific"
    if "slash" in kinds:
        at = kinds.index("slash")
        after = tokens[at + 1] if at + 1 < len(tokens) else Token("literal", "")
        if (
            "digit" in kinds[:at]
            and kinds[at - 1] == "digit"
            and (after.kind == "digit" or after.text.isdecimal())
        ):
            return "fraction"
    return "number"
