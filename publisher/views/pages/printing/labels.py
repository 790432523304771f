"""Shared words of pages in Chinese and English: kinds of change, statuses, labels, counts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from feeds.change_sentence import effect_verb
from publisher.log.model import Dataset, Release
from publisher.log.releases.release_rows import takes_effect
from publisher.views.pages.printing.page_request import Visit
from schemas.definition.catalogue import Catalogue
from schemas.words import KINDS

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,18}[0-9]")
_SLASH = re.compile(r"\s*/ (?=[A-Z][!-~]*(?:\s|$))")
"""Between the halves of a text: an English word follows, and not the B of “A类 / B类”."""

LABELS: Mapping[str, tuple[str, str]] = {
    "demo": ("演示数据", "demo data"),
    "partial": ("不完整", "partial"),
    "historic": ("历史版本", "historic"),
    "transcribed": ("转录（非官方发布）", "transcribed, unofficial"),
    "compiled": ("自行整理（非官方）", "compiled, unofficial"),
}


def word_for(visit: Visit, table: Mapping[str, tuple[str, str]], name: str) -> str:
    """Return the word for ``name``, else the name itself."""
    return visit.t(*table[name]) if name in table else name


def label(visit: Visit, dataset: Dataset, name: str) -> str:
    """Return the name of a dataset's label; a list whose title says 节录 is an excerpt."""
    if name == "partial" and "节录" in dataset.title:
        return visit.t("节录", "excerpt")
    return word_for(visit, LABELS, name)


def half(visit: Visit, text: str) -> str:
    """Return the reader's half of a text in two languages, written ``中文 / English``."""
    halves = _SLASH.split(text, maxsplit=1)
    return halves[-1] if visit.lang == "en" else halves[0]


def address_of(text: str) -> str:
    """Return the address that reaches a contact which is nothing but an e-mail, web or telephone address."""
    if text.startswith(("https://", "http://")) and not any(map(str.isspace, text)):
        return text
    if _EMAIL.fullmatch(text):
        return f"mailto:{text}"
    return f"tel:{re.sub('[ -]', '', text)}" if _PHONE.fullmatch(text) else ""


def when(visit: Visit, catalogue: Catalogue, release: Release) -> str:
    """Format the day of effect of a release, or of publication if nothing takes effect."""
    if takes_effect(release):
        day = visit.day(release.effective_on)
        return visit.t(f"自{day}起{effect_verb(catalogue)}", f"in force from {day}")
    day = visit.day(release.published_at)
    return visit.t(day, f"published on {day}")


def unit(visit: Visit, catalogue: Catalogue) -> str:
    """Return the unit of a count of records: documents are counted in 件."""
    return visit.t("件", " documents") if catalogue.of_documents else visit.t("项", " records")


def format_counts(visit: Visit, counts: Mapping[str, int]) -> str:
    """Format counts, for example “新增2项、移出清单1项”; empty if there are no such changes."""
    numbers = [(kind, counts[kind]) for kind in KINDS if counts.get(kind)]
    if visit.lang == "en":
        return ", ".join(f"{number:,} {KINDS[kind][1]}" for kind, number in numbers)
    return "、".join(f"{KINDS[kind][0]}{number:,}项" for kind, number in numbers)
