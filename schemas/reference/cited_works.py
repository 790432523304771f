"""Works that a text cites, each with its articles, the place within them, and its role.

``《水法》第七条第二款、第九条`` cites two places of one work, each with its own position. A number in
brackets after the title of a document names the same work: 《关于…的通知》（国发〔2013〕27号）. After the
title of a statute it is a note on its edition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from schemas.normalise import chinese_number
from schemas.reference.document_numbers import Citation, find_citations
from schemas.reference.legal_bases import Role, end_of_title, role_of
from schemas.reference.works import WorkKind, key_of, key_of_number, kind_of_title

_DIGITS = "一二三四五六七八九十百千零〇0-9０-９"
_NUMERAL = rf"[{_DIGITS}](?:\s?[{_DIGITS}])*"
_TO = "至—–－~～-"
"""Marks of a range of articles; the hyphen is the last, as in a class of a pattern."""
_SUBDIVISION = rf"\s*+第?\s*+[（(]?\s*+{_NUMERAL}\s*+[)）]?\s*+[款项目](?![{_DIGITS}规录])"
"""A place within an article: 第二款 or 第（三）项."""
_ADDED = r"(?:\s*+之\s?[一二三四五六七八九十]+)?"
"""之一 of an article that was added later: 第七条之一."""
_ARTICLE = re.compile(rf"第?\s*+(?P<number>{_NUMERAL})\s*+(?:条(?P<place>{_ADDED}(?:{_SUBDIVISION})*))?")
_SOME = rf"{_NUMERAL}\s*+(?:(?:[、和]|[{_TO}]{{1,2}})\s*+第?\s*+{_NUMERAL}\s*+)*条{_ADDED}(?:{_SUBDIVISION})*"
"""One article with its place, or several: 七条第二款, 七、八、九条 or 七至九条."""
_ARTICLES = re.compile(rf"\s*+第\s*+{_SOME}(?:\s*+(?:[、,，和及]|[{_TO}]{{1,2}})\s*+第?\s*+{_SOME})*")
_SECTION = (
    rf"[，,]?\s*+第?\s*+(?:{_NUMERAL}\s*+(?:部分|大类|类)|[（(]\s*+{_NUMERAL}\s*+[)）]\s*+(?:部分|大类|类)?)"
)
"""A section of an annex: 第二部分 or （三）大类."""
_PLACE = re.compile(
    rf"\s*+(?P<place>附件\s*+(?:{_NUMERAL})?\s*+(?:{_SECTION})?(?:[，,]?\s*+第\s*+{_NUMERAL}\s*+项)?|第\s*+{_NUMERAL}\s*+项)"
)
"""A place in an annex: 附件1第23项 or 第12项."""
_OPENERS = "（(【[〔［"
_OPENING, _BRACKETS = re.compile(r"\s*+[（(【\[〔［]"), re.compile(r"[（(【\[〔［）)】\]〕］]")
_LONGEST_NOTE, _LONGEST_AFTER = 300, 200
"""Characters of a note in brackets, and after a citation, that are read."""
_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")
_MOST_IN_RANGE = 50
"""Most articles of 第七条至第九条 that are listed one by one."""


class CitedWork(msgspec.Struct, frozen=True):
    """A place of a work that a text cites. ``start`` and ``end`` are positions in the text."""

    key: str
    """Key of the work, see :mod:`schemas.reference.works`."""
    kind: WorkKind
    article: int
    """0: the whole work, or the place in an annex that ``place`` names."""
    place: str
    """Within the article (之一, 第二款第（三）项), or in an annex (附件1第23项)."""
    role: Role
    start: int
    end: int


class _Mention(msgspec.Struct):
    citation: Citation
    key: str
    role: Role
    title_end: int
    """End of the title with its 》; of a number, its own end."""
    note_end: int
    """End of the note in brackets after the title."""
    following: int = 0
    """Position of the next citation."""
    places: re.Match[str] | None = None
    """The articles, or the place in an annex, that follow the title: a match of _ARTICLES or _PLACE."""

    @property
    def end(self) -> int:
        return self.places.end() if self.places else max(self.note_end, self.citation.end)


class NamedWork(msgspec.Struct, frozen=True):
    """A work that a text names: the title or number with all its articles."""

    key: str
    start: int
    end: int


def find_named_works(text: str) -> list[NamedWork]:
    """Find the names of works in a text, in order.

    The number in the note after a document's title becomes its key; that of a statute's edition is a work of
    its own, after the title.
    """
    return [
        NamedWork(one.key, one.citation.start, max(one.citation.end, one.title_end))
        for one in _find_mentions(text)
        if one.key
    ]


def find_cited_works(text: str) -> list[CitedWork]:
    """Find every work that a text cites, in order."""
    mentions = _find_mentions(text)
    _set_roles(text, mentions)
    return [work for mention in mentions if mention.key for work in _list_places(text, mention)]


def _find_mentions(text: str) -> list[_Mention]:
    citations = find_citations(text)
    starts = [citation.start for citation in citations] + [len(text)]
    mentions: list[_Mention] = []
    before: _Mention | None = None  # the last one that is not in the note of another one
    for n, citation in enumerate(citations):
        if before is not None and citation.start < before.end:
            _read_note(text, before, citation, mentions)
            continue
        title_end = end_of_title(text, citation) if citation.kind == "statute" else citation.end
        note_end = _end_of_note(text, title_end) if citation.kind == "statute" else title_end
        mention = _Mention(citation, key_of(citation), "mention", title_end, note_end)
        mention.places = _ARTICLES.match(text, note_end) or _PLACE.match(text, note_end)
        mention.following = max(starts[n + 1], citation.end)
        mentions.append(mention)
        before = mention
    return mentions


def _set_roles(text: str, mentions: Iterable[_Mention]) -> None:
    """Set the role of each mention; :func:`_read_note` set those in notes.

    :func:`find_named_works`, whose works become links, does not need them.
    """
    before: _Mention | None = None
    for mention in mentions:
        if mention.role == "edition-note":
            continue
        start = mention.citation.end
        previous = None if before is None else (before.role, before.end)
        after = text[start : min(mention.following, start + _LONGEST_AFTER)]
        mention.role = role_of(text, mention.citation, previous, after)
        before = mention


def _end_of_note(text: str, start: int) -> int:
    """Return the end of the brackets that open at a position, or the position if none do."""
    opening = _OPENING.match(text, start)
    if opening is None:
        return start
    depth = 0
    for sign in _BRACKETS.finditer(text, start, start + _LONGEST_NOTE):
        depth += 1 if sign[0] in _OPENERS else -1
        if depth == 0:
            return sign.end()
    return start


def _read_note(text: str, titled: _Mention, citation: Citation, mentions: list[_Mention]) -> None:
    """Read a citation in the note after a title: the number of the document itself, or of an edition."""
    if citation.kind == "statute" or citation.start < titled.title_end:
        return
    lead = text[titled.title_end : citation.start]
    key = key_of_number(citation)
    if key and len(lead.strip()) <= 1 and kind_of_title(titled.citation.title) != "statute":
        titled.key = key
    else:
        mentions.append(_Mention(citation, key, "edition-note", citation.end, citation.end))


def _list_places(text: str, mention: _Mention) -> Iterator[CitedWork]:
    citation, places = mention.citation, mention.places
    kind = kind_of_title(citation.title) if citation.kind == "statute" else citation.kind

    def work(start: int, end: int, article: int = 0, place: str = "") -> CitedWork:
        return CitedWork(mention.key, kind, article, place, mention.role, start, end)

    if places is None:
        yield work(citation.start, mention.title_end)
    elif places.re is _PLACE:
        yield work(citation.start, places.end(), 0, _plain(places["place"]))
    else:
        yield from _list_articles(text, citation.start, places, work)


def _list_articles(
    text: str, start: int, places: re.Match[str], work: Callable[[int, int, int, str], CitedWork]
) -> Iterator[CitedWork]:
    """Yield the articles of a list; the first one begins with the title."""
    last, end = 0, places.start()
    for match in _ARTICLE.finditer(text, places.start(), places.end()):
        number = chinese_number(_plain(match["number"])) or 0
        between = text[end : match.start()].strip()
        if between and all(mark in _TO for mark in between):
            for article in range(last + 1, min(number, last + _MOST_IN_RANGE)):
                yield work(start, match.end(), article, "")
        start = start if last == 0 else match.start()
        yield work(start, match.end(), number, _plain(match["place"] or ""))
        last, end = number, match.end()


def _plain(text: str) -> str:
    return "".join(text.split()).translate(_WIDE)
