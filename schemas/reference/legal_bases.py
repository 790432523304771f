"""Role of each statute that a cell of bases names: a basis of its own, a mention in a quoted text, or a note.

Such a cell names statutes one after the other, and often quotes their articles, which name further statutes.
Only the statutes that the cell itself names are bases. A basis begins a line, follows a label (【法律】, 1.)
or another basis, and no sentence continues after it; the text in brackets after its title states its edition.
After the title of a document without 《》 (关于…的通知) the number in brackets is the document itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Literal

import msgspec

from schemas.normalise import HAN
from schemas.reference.citations.text_signs import unify_signs
from schemas.reference.document_numbers import Citation, find_citations

type Role = Literal["basis", "mention", "edition-note"]


class CitedStatute(msgspec.Struct, frozen=True):
    """A statute that a text names, with the position of its title in 《》."""

    title: str
    article: str
    role: Role
    start: int
    end: int
    """End of the title, or of the article if only the edition's note is between them."""
    dated: date | None = None
    """Newest day in the note on the edition: （2017年3月1日修订）. A month without day is its first day."""


_KIND_WORD = (
    r"国家法律|法律|行政法规|地方性法规|地方法规|法规|部门规章|地方政府规章|政府规章|规章|规范性文件|党内法规"
    r"|司法解释|国务院文件|政策文件|其他|其它"
)
_LABEL = (
    rf"(?:【?[^【】\n《]{{1,14}}】|\[[^\[\]]{{1,14}}\]|［[^［］]{{1,14}}］|〔[^〔〕]{{1,14}}〕"
    rf"|[（(](?:[一二三四五六七八九十\d]{{1,3}}|{_KIND_WORD})[)）]|\d{{1,3}}\s?[.、．)）:：]|[①-⑳]"
    rf"|[一二三四五六七八九十]{{1,3}}\s?[、.．]"
    rf"|(?:(?:{_KIND_WORD})(?:依据)?|(?:设定|实施|法律|处罚|收费|责任|监管)?依据)\s?[:：]"
    rf"|(?:设定|实施|法律|处罚|收费|责任|监管)依据(?:为|是)?(?=\s*$)|[-—·•*※▲]+)"
)
"""【法律】, （一）, 1., 设定依据：, a bullet: the label before a basis."""
_LABELS = re.compile(rf"(?:\s|{_LABEL})*")
_LABEL_AT_END = re.compile(rf"{_LABEL}$")
_LONGEST_LABEL = 16
_LONGEST_NOTE = 1_000
"""Characters before a citation in which the bracket that it is in is searched."""
_RESTS_ON = re.compile(r"(?:根据|依据|按照|依照|执行|见)\s*")
_SEPARATORS = re.compile(r"(?:[\s、，,；;和及与]|以及|[（(][^（()）]*[)）])*")
_SENTENCE_END = tuple("。！？；;”")
_NOTE = re.compile(r"\s*[（(【\[〔［](?P<note>(?:[^（()）]|[（(][^（()）]*[)）])*?)[)）】\]〕］]")
"""（2017年3月1日修订）: the note on the edition after a title."""
_ISSUER = re.compile(
    rf"(?![^《]*[由按依对经据将把向])[{HAN}、\s]{{2,40}}?(?:部|委|局|厅|署|院|府|会|办|室|行)(?:关于)?(?:印发|发布|公布)?的?"
)
"""国务院办公厅关于印发: the issuer between a label and the title."""
_PROSE = re.compile(
    rf"(?:所称|所指|等(?!\s*[。；;、]?\s*$)|(?:的|有关|相关)+(?:规定|法律|法规|要求|条件)|规定(?![:：\s])"
    rf"|(?:和|或者|或|及|以及|与)(?!\s*[《第])[{HAN}]|[，,]\s*(?!《|第|根据|按照)[{HAN}]|[{HAN}]{{0,6}}(?:处罚|执行|办理|进行|给予|追究|制定))"
)
"""Text after the title of a statute that is only mentioned, because the sentence continues."""
_QUOTED = re.compile(r"\s*(?:规定)?\s*(?:[:：\n“]|$|[（(【\[])")
"""Text after a basis whose article is quoted: 规定：, a line break, a bracket, or the end."""
_DAY = re.compile(
    r"(?P<year>(?:19|20)\d\d)\s*[年.\-/]\s*(?P<month>\d{1,2})(?:\s*[月.\-/]\s*(?P<day>\d{1,2}))?"
)
_BRACKET, _IN_TITLE = re.compile(r"[（()）]"), re.compile(r"《[^《》]*》")
_LONGEST_TITLE, _LONGEST_LEAD = 200, 31
"""Characters before a number in which its title is searched, and of the bracket before it."""
_OPENED = re.compile(
    r"[（(](?![^（()）]*(?:根据|依据|按照|依照|经|由|见))[^（()）《》〔〕号，,。；;：:\n]{0,30}$"
)
"""（ or （财政部 before the number of a document; not （根据, after which an amendment is named."""
_CLOSED = re.compile(r"(?!\s*(?:修正|修订|修改|废止))[^（()）《》\n]{0,60}[）)]")
_DOCUMENT_TITLE = re.compile(
    r"(?:关于|印发|转发|批转|发布|公布).{2,}(?:通知|意见|函|批复|通报|公告|通告|方案|决定|决议|规定|办法|细则|目录)$"
)
_CLAUSE_END = re.compile(r"[，,。；;：:！？“”]")


def find_cited_statutes(text: str) -> list[CitedStatute]:
    """Find every statute in a cell of bases, in order, with its role."""
    text = unify_signs(text)
    if "《" not in text and "〈" not in text:
        return []
    statutes = list(_outermost(find_citations(text)))
    cited: list[CitedStatute] = []
    for number, citation in enumerate(statutes):
        previous = (cited[-1].role, cited[-1].end) if cited else None
        following = statutes[number + 1].start if number + 1 < len(statutes) else len(text)
        note = _NOTE.match(text, end_of_title(text, citation))
        role = role_of(text, citation, previous, text[citation.end : following])
        cited.append(
            CitedStatute(
                citation.title,
                citation.article,
                role,
                citation.start,
                citation.end,
                _newest_day(note["note"]) if note else None,
            )
        )
    return cited


def _outermost(citations: list[Citation]) -> Iterator[Citation]:
    """Yield the statutes, without those inside the note between the title and the article of another one."""
    end = 0
    for citation in citations:
        if citation.kind == "statute" and citation.start >= end:
            yield citation
            end = citation.end


def end_of_title(text: str, citation: Citation) -> int:
    """Return the position after the 》 of a statute's title."""
    depth = 0
    for position in range(citation.start, citation.end):
        depth += (text[position] in "《〈＜") - (text[position] in "》〉＞")
        if depth == 0:
            return position + 1
    return citation.end


def role_of(text: str, citation: Citation, previous: tuple[Role, int] | None, after: str) -> Role:
    """Return the role of a citation in a cell of bases.

    ``previous``: role and end of the citation before it; ``after``: the text up to the next one.
    """
    line = text.rfind("\n", 0, citation.start) + 1
    start = citation.start
    if _is_bracketed(text[max(line, start - _LONGEST_NOTE) : start]):
        unmarked = find_unmarked_title(text, citation, previous[1] if previous else 0)
        if unmarked is None:
            return "edition-note"
        start, end = unmarked
        after = after[end - citation.end :]
        if previous is not None and previous[1] > start:
            previous = None  # 关于印发《甲》的通知（国发〔2013〕27号）: within the title
    rest = after[note.end() :] if (note := _NOTE.match(after)) else after
    if previous is not None and previous[1] > line:
        gap = text[previous[1] : start]
        if _SEPARATORS.fullmatch(gap):
            return "mention" if previous[0] == "mention" or _PROSE.match(rest) else "basis"
    else:
        gap = text[line:start]
    return "basis" if _begins_basis(gap, rest, first=line == 0 and previous is None) else "mention"


def find_unmarked_title(text: str, citation: Citation, floor: int = 0) -> tuple[int, int] | None:
    """Find the start of the title without 《》 whose number is in brackets, and the end of the brackets.

    ``floor``: end of the citation before it, which 、 or 和 separates from the title.
    """
    opened = _OPENED.search(text[max(0, citation.start - _LONGEST_LEAD) : citation.start])
    closed = _CLOSED.match(text, citation.end)
    if citation.kind == "statute" or opened is None or closed is None:
        return None
    end = citation.start - len(opened[0])
    first = max(text.rfind("\n", 0, end) + 1, end - _LONGEST_TITLE)
    lead = _IN_TITLE.sub(lambda title: "《" * len(title[0]), text[first:end])
    first += max((sign.end() for sign in _CLAUSE_END.finditer(lead)), default=0)
    if floor > first and (separators := _SEPARATORS.match(text, floor, end)):
        first = max(first, separators.end() if separators[0] else first)
    for pattern in (_LABELS, _RESTS_ON):
        if match := pattern.match(text, first, end):
            first = match.end()
    return (first, closed.end()) if _DOCUMENT_TITLE.search(text[first:end]) else None


def _begins_basis(gap: str, rest: str, *, first: bool) -> bool:
    """Test for a basis after ``gap``, the text since the line or the statute before; ``rest`` follows it."""
    labels = _LABELS.match(gap)
    lead = gap[labels.end() :] if labels else gap
    if first and _RESTS_ON.fullmatch(lead):
        return True
    end = gap.rstrip()
    if not lead or _LABEL_AT_END.search(end[-_LONGEST_LABEL:]) or _ISSUER.fullmatch(lead):
        return _PROSE.match(rest) is None
    return end.endswith(_SENTENCE_END) and _QUOTED.match(rest) is not None


def _is_bracketed(before: str) -> bool:
    """Test for a bracket that is open at the end of the text; titles in 《》 are not read."""
    depth = 0
    for bracket in _BRACKET.findall(_IN_TITLE.sub("", before)):
        depth = max(0, depth + (1 if bracket in "（(" else -1))
    return depth > 0


def _newest_day(note: str) -> date | None:
    days = []
    for match in _DAY.finditer(note):
        try:
            days.append(date(int(match["year"]), int(match["month"]), int(match["day"] or 1)))
        except ValueError:  # 2021年13月
            continue
    return max(days, default=None)
