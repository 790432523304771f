"""Legal force of a work on a day, as far as records state it: what ended it or will, and if it is back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from publisher.log.citations.effects import EffectKind
from publisher.log.graph.passage_query import PublishedEffect
from publisher.log.graph.work_query import Work
from schemas.cells.quantities import WRITTEN_DAY, read_date
from schemas.definition.catalogue import Content
from schemas.normalise import chinese_number

type LegalForce = Literal["InForce", "PartiallyInForce", "NotInForce"]
"""Terms of schema.org."""

ENDING_KINDS: tuple[EffectKind, ...] = ("repeals",)
"""A work is replaced by an edition of itself, which does not end it."""
_STATED: dict[str, LegalForce] = {
    "失效": "NotInForce",
    "废止": "NotInForce",
    "部分失效": "PartiallyInForce",
}
"""Words of a source for the validity of a document."""
_OWN = re.compile(
    r"本(?:暂行|试行|实施)?(?:办法|规定|条例|细则|通知|意见|决定|公告|通告|方案|规划|规则|标准|措施|制度|批复|文件|规范|政策)"
)
_TERM = re.compile(
    rf"{_OWN.pattern}(?:[^。；\n《》]{{0,40}}?(?:施行|实施|执行|生效|试行)[，,、]?)?"
    r"(?:(?:有效期|试行期|执行期)限?(?:为|是|：)?\s?"
    rf"(?:(?P<count>[一二三四五六七八九十两\d]{{1,3}})\s?(?P<unit>年|个月)|[截至到自]*(?P<end>{WRITTEN_DAY}))"
    rf"|[截至到]+(?P<end2>{WRITTEN_DAY})(?:止|废止|失效|停止))"
)
"""How long a document is in force: 本办法自2020年1月1日起施行，有效期五年."""
_STARTS = ("effective", "effective_on", "version")


class Endings(msgspec.Struct, frozen=True):
    """Effects of other works that end a work."""

    past: tuple[PublishedEffect, ...]
    """Those that hold on the day, also those whose day nobody states."""
    coming: tuple[PublishedEffect, ...]
    """Those whose day is later."""


def find_endings(work: Work, effects: Iterable[PublishedEffect], day: date) -> Endings:
    """Choose the effects that end a work, without those before the work was enacted again."""
    enacted = [_enacted(record.content) for record in work.records]
    again = max((start for start in enacted if start is not None and start <= day), default=None)
    past, coming = [], []
    for effect in effects:
        if effect.kind not in ENDING_KINDS or effect.source in work.names or effect.target not in work.names:
            continue
        since = effect.day or _latest_day(work, effect)
        if since is not None and since > day:
            coming.append(effect)
        elif since is None or again is None or again < since:
            past.append(effect)
    return Endings(tuple(past), tuple(coming))


def judge_force(work: Work, endings: Endings, day: date) -> LegalForce | None:
    """Return whether a work is in force on a day. A record that states no validity is in force.

    None if no list of the site contains it, if its records contradict each other, or if the term of one
    without a validity is over.
    """
    if endings.past:
        return "NotInForce"
    if not work.records:
        return None
    starts = [_start(record.content) for record in work.records]
    if all(start is not None and start > day for start in starts):
        return "NotInForce"
    if any(not one.content.get("validity") and _term_is_over(one.content, day) for one in work.records):
        return None  # it may have been prolonged
    stated = {_STATED.get(str(record.content.get("validity")), "InForce") for record in work.records}
    return stated.pop() if len(stated) == 1 else None


def _enacted(content: Content) -> date | None:
    """Return since when the edition of a row is in force; None if the row states that it was repealed."""
    return None if content.get("repealed_by") else _day(content, "effective") or _day(content, "version")


def _start(content: Content) -> date | None:
    return next((day for name in _STARTS if (day := _day(content, name))), None)


def _term_is_over(content: Content, day: date) -> bool:
    """Test for a document whose text limits its time in force, to a day that is over or not known."""
    term = next(
        (one for text in content.values() if isinstance(text, str) and (one := _find_term(text))), None
    )
    if term is None:
        return False
    if written := term["end"] or term["end2"]:
        end = read_date(written)
        return end is None or end < day
    start, count = _start(content) or _day(content, "date_written"), chinese_number(term["count"])
    if start is None or not count:
        return True
    months = start.month - 1 + count * (12 if term["unit"] == "年" else 1)
    return (start.year + months // 12, months % 12 + 1, start.day) <= (day.year, day.month, day.day)


def _find_term(text: str) -> re.Match[str] | None:
    return _TERM.search(text) if "期" in text or "止" in text or "失效" in text else None


def _latest_day(work: Work, effect: PublishedEffect) -> date | None:
    """Return the day by which a statute was certainly repealed: that of the edition which says so."""
    return next(
        (
            _day(record.content, "repealed_by_version")
            for record in work.records
            if record.record == effect.passage.record
        ),
        None,
    )


def _day(content: Content, field: str) -> date | None:
    try:
        return date.fromisoformat(str(content[field])) if content.get(field) else None
    except ValueError:
        return None
