"""Personal data in texts: mobile numbers, identity cards, bank cards and e-mail addresses of persons.

Sources: GB 11643-1999 (identity numbers, check digit by ISO 7064 MOD 11-2), ISO/IEC 7812-1 (bank cards,
Luhn), the numbering plan of mobile networks (11 digits, 13 to 19). GB/T 35273-2020 calls them personal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from publisher.ingest.findings.kind import Bilingual
from schemas.reference import administrative_divisions


class PersonalText(NamedTuple):
    """A piece of a text. ``masked`` may be printed: the middle of the text is left out."""

    kind: Bilingual
    masked: str


MOBILE = Bilingual("手机号码", "a mobile number")
IDENTITY = Bilingual("身份证号码", "an identity number")
BANK_CARD = Bilingual("银行卡号", "a bank card number")
EMAIL = Bilingual("个人电子邮箱", "an e-mail address of a person")

CANDIDATE = re.compile(r"@|[0-9](?:[- ]?[0-9]){10}")
"""Signs of any kind; most texts contain none."""
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])([1-9][0-9]{16}[0-9Xx]|[1-9][0-9]{14})(?![0-9A-Za-z])")
_MOBILE = re.compile(
    r"(?<![0-9A-Za-z.-])(?:(?:\+|00)?86[- ]?)?(1[3-9][0-9](?:[0-9]{8}|-[0-9]{4}-[0-9]{4}| [0-9]{4} [0-9]{4}))"
    r"(?![0-9A-Za-z]|[.-][0-9])"
)
_CARD = re.compile(r"(?<![0-9A-Za-z.-])([3-6][0-9]{3}|9558)((?:[- ]?[0-9]){12,15})(?![0-9A-Za-z]|[.-][0-9])")
_EMAIL = re.compile(r"(?<![\w.+-])([A-Za-z0-9][\w.+-]*)@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})", re.ASCII)
_OFFICE_HOSTS = re.compile(r"(?:^|\.)gov(?:\.[a-z]{2})?$", re.IGNORECASE)
"""Domains of governments: an address there belongs to an office."""
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def find_personal_texts(text: str, *, in_code: bool = False) -> Iterator[PersonalText]:
    """Yield the personal data of a text. ``in_code``: the text is an official code, so that only identity
    numbers, which have a check digit and a day of birth, are looked for.
    """
    if not CANDIDATE.search(text):
        return
    spans: list[tuple[int, int]] = []
    for match, one in _find_numbers(text, in_code=in_code):
        if not any(match.start() < end and start < match.end() for start, end in spans):
            spans.append(match.span())
            yield one
    for match in () if in_code else _EMAIL.finditer(text):
        if not _OFFICE_HOSTS.search(match[2]):
            yield PersonalText(EMAIL, f"{match[1][:1]}***@{match[2]}")


def _find_numbers(text: str, *, in_code: bool) -> Iterator[tuple[re.Match[str], PersonalText]]:
    """Yield numbers, those with a check digit first: the digits of one may look like another."""
    for match in _IDENTITY.finditer(text):
        if is_identity_number(match[1]):
            yield match, PersonalText(IDENTITY, mask(match[1]))
    for match in () if in_code else _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if 16 <= len(digits) <= 19 and passes_luhn(digits):
            yield match, PersonalText(BANK_CARD, mask(digits))
    for match in () if in_code else _MOBILE.finditer(text):
        yield match, PersonalText(MOBILE, mask(re.sub(r"\D", "", match[1])))


def is_identity_number(text: str) -> bool:
    """Test for an identity number of 18 characters, or of 15 digits as issued until 1999."""
    if len(text) == 15:
        return _is_place(text) and _is_day(f"19{text[6:12]}")
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=False))
    return _CHECKS[total % 11] == text[17].upper() and _is_place(text) and _is_day(text[6:14])


def passes_luhn(digits: str) -> bool:
    """Test the check digit of ISO/IEC 7812-1."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + position % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def mask(text: str) -> str:
    """Leave out all but the first three and the last two characters."""
    return f"{text[:3]}{'*' * (len(text) - 5)}{text[-2:]}"


def _is_place(number: str) -> bool:
    """Test whether the number begins with the code of a province; counties of old cards may be gone."""
    return administrative_divisions.name_of(f"{number[:2]}0000") is not None


def _is_day(text: str) -> bool:
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return 1880 <= day.year <= 2100
