"""The day from which a document is in force, as its text states it: 本办法自2026年3月1日起施行."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain

import msgspec

from publisher.ingest.documents.page_lines import Line
from schemas.cells.quantities import read_date

_DAY = (
    r"(?:(?:19|20)\d\d\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日"
    r"|[一二][一二三四五六七八九零〇○]{3}年[一二三四五六七八九十]{1,3}月[一二三四五六七八九十]{1,3}日"
    r"|(?:19|20)\d\d[./\-]\d{1,2}[./\-]\d{1,2}(?!\d))"
)
_VERB = (
    r"(?:正式|开始)?(?:施行|实施|执行|生效|试行|暂行|实行|起效)"
    r"(?:[一二两三四五六七八九十\d]{1,3}(?:年|个月))?"
)
_END = r"(?=[，,。；;、）)]|$)"
_ON_DAY = rf"(?:自|从|于)?\s?(?P<day>{_DAY})(?:零时)?(?:起|开始)?(?:\s?至\s?{_DAY}止?)?(?:期间)?{_VERB}{_END}"
_ON_EVENT = (
    r"(?:自|从|于)(?:(?:本|该)[\u4e00-\u9fff]{0,8}?|文件|通知)?(?P<event>印发|发布|公布|颁布|下发|发文|签发|即|通过|批准|签署)"
    r"(?:之日|当日|之时|日)?(?:起|开始)?(?P<later>满?\s?(?:\d{1,3}|[一二三四五六七八九十]{1,3})\s?(?:个工作日|个月|日|天)之?(?:后|起)?)?"
    rf"{_VERB}{_END}"
)
_EFFECT = re.compile(rf"{_ON_DAY}|{_ON_EVENT}")
_OWN = re.compile(
    r"(?:本|此)(?:办法|规定|条例|细则|通知|意见|决定|公告|通告|方案|规划|规则|标准|措施|预案|制度|目录|准则|批复|令|文件|规范|章程|通则|清单|政策|实施[\u4e00-\u9fff]{1,4}|[\u4e00-\u9fff]{1,6})"
)
_LABELLED = re.compile(
    rf"(?:施行|实施|生效|执行)(?:日期|时间)(?:为|是|[:：])\s?(?:自|从)?(?P<day>{_DAY})起?{_END}"
)
"""本办法的施行日期为2015年7月1日, or the same as a label."""
_UNREAD = re.compile(
    rf"{_OWN.pattern}[^《》，。；;]{{0,6}}(?P<words>(?:自|从)[^《》，,。；;]{{1,24}}?(?:起|后){_VERB}){_END}"
)
"""A statement of the document about itself with another day: 本办法自公布后次月1日起施行."""
_SPACE_IN_STATEMENT = re.compile(r"(?<=[\u4e00-\u9fff\d]) (?=[\u4e00-\u9fff\d])")
_PROMULGATES = re.compile(r"(?:现予|予以|现将|特此)(?:公布|发布)，?")
_QUOTED = re.compile(r"《((?:[^《》]|《[^《》]*》)+)》")
_PART = re.compile(r"(?:第[一二三四五六七八九十百\d]+[条款项章]|附件\d*|(?<!本)标准|条款)[、和及]?$")
_ISSUED = frozenset({"印发", "下发", "发文", "签发", "即", "签署"})
_MADE_PUBLIC = frozenset({"发布", "公布", "颁布"})
_LATEST = timedelta(days=31)
"""Most days between signature and the day of publication that a page states. A later page shows a document
that was made public before."""


class EffectiveDay(msgspec.Struct, frozen=True):
    """A statement about the first day in force. ``day``: ISO 8601; None where it cannot be determined."""

    day: str | None
    words: str
    line: int


def find_effective_day(
    lines: Sequence[Line], title: str, *, written_on: date | None, published_on: date | None
) -> EffectiveDay | None:
    """Find the statement of a document about itself; None if there is none.

    自印发之日起施行 is ``written_on``, the day of signature; 自发布之日起施行 is ``published_on`` if this is
    near, and else ``written_on``. Several statements that differ, a period that is counted from an event
    (自公布之日起30日后), and an event without a day give no day.
    """
    is_near = written_on and published_on and written_on <= published_on <= written_on + _LATEST
    public = published_on if is_near else written_on
    days = {**dict.fromkeys(_ISSUED, written_on), **dict.fromkeys(_MADE_PUBLIC, public)}
    statements = [
        statement for line in lines if line.spot is None for statement in _statements(line, title, days)
    ]
    own = [effect for is_own, effect in statements if is_own] or [effect for _, effect in statements]
    if not own:
        unread = ((line, _UNREAD.search(line.text)) for line in lines if line.spot is None)
        return next(
            (EffectiveDay(None, match["words"], line.number) for line, match in unread if match), None
        )
    last = own[-1]
    if len({effect.day for effect in own}) > 1:
        return EffectiveDay(None, "；".join(dict.fromkeys(effect.words for effect in own)), last.line)
    return last


def _statements(
    line: Line, title: str, days: Mapping[str, date | None]
) -> Iterator[tuple[bool, EffectiveDay]]:
    """Yield statements, with whether the sentence names the document as its subject: 本办法."""
    text = _SPACE_IN_STATEMENT.sub("", line.text)
    for match in chain(_EFFECT.finditer(text), _LABELLED.finditer(text)):
        sentence = re.split(r"[。；;]", text[: match.start()])[-1]
        others = [name for name in _QUOTED.findall(sentence) if name not in title and title not in name]
        issues = _PROMULGATES.search(sentence) is not None
        if (others and not issues and not _OWN.search(sentence)) or _PART.search(sentence):
            continue
        if match["day"]:
            day, words = read_date(re.sub(r"\s", "", match["day"])), match["day"]
        else:
            day, words = None if match["later"] else days.get(match["event"]), match[0]
        iso = None if day is None else day.isoformat()
        is_own = issues or _OWN.search(sentence + match[0]) is not None
        yield is_own, EffectiveDay(iso, words, line.number)
