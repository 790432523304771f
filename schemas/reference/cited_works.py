"""Works that a text cites, each with its articles, the place within them, and its role.

``《水法》第七条第二款、第九条`` cites two places of one work, each with its own position. A number in
brackets after the title of a document names the same work: 《关于…的通知》（国发〔2013〕27号）. After the
title of a statute it is a note on its edition.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from msgspec import structs

from schemas.normalise import HAN, chinese_number
from schemas.reference import administrative_divisions
from schemas.reference.citations.article_lists import ARTICLE, ARTICLES, NUMERAL, PLACE, TO
from schemas.reference.citations.text_signs import unify_signs
from schemas.reference.document_numbers import Citation, find_citations
from schemas.reference.legal_bases import Role, end_of_title, find_unmarked_title, role_of
from schemas.reference.works import WorkKind, key_of, key_of_number, kind_of_key, kind_of_title

_OPENERS = "（(【[〔［"
_OPENING, _BRACKETS = re.compile(r"\s*+[（(【\[〔［]"), re.compile(r"[（(【\[〔［）)】\]〕］]")
_LONGEST_NOTE, _LONGEST_AFTER = 300, 200
"""Characters of a note in brackets, and after a citation, that are read."""
_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")
_MOST_IN_RANGE = 500
"""Most articles of 第七条至第九条 that are listed one by one. Of a longer range only the ends are listed."""

_MOST_IN_RANGES = 20_000
"""Places in one text after which only the ends of ranges are listed: a hostile text has thousands of them."""


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


_IMPLEMENTING = re.compile(rf"(?P<place>[{HAN}]{{2,16}})实施$")
_RULES = re.compile(r"(?:若干)?(?:办法|细则|条例|规定|规则)(?!的)")
"""辽宁省实施《水法》办法: a title of which only the part in 《》 is marked."""
_LONGEST_PLACE = 18
_FURTHER_ARTICLES = rf"(?=\s*(?:[（(][^（()）]{{0,60}}[)）]\s*)?第\s*{NUMERAL}\s*条)"
_SAME_STATUTE = re.compile(rf"[同该](?P<kind>法|条例|办法|规定|细则){_FURTHER_ARTICLES}")
"""同法第六十条: the statute that was named last."""
_UNMARKED = re.compile(
    rf"中华人民共和国(?:(?!中华人民共和国)[{HAN}]){{1,24}}?(?:法典|法|条例){_FURTHER_ARTICLES}"
)
"""中华人民共和国水法第七条: a title without 《》."""


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
    """The articles, or the place in an annex, that follow the title: a match of ARTICLES or PLACE."""

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
        for one in _find_mentions(unify_signs(text))
        if one.key
    ]


def find_cited_works(text: str) -> list[CitedWork]:
    """Find every work that a text cites, in order."""
    text = unify_signs(text)
    mentions = _find_mentions(text)
    _set_roles(text, mentions)
    works: list[CitedWork] = []
    for mention in mentions:
        if mention.key:
            works += _list_places(text, mention, _MOST_IN_RANGES - len(works))
    return works


def _find_mentions(text: str) -> list[_Mention]:
    citations = _find_titles_and_numbers(text)
    starts = [citation.start for citation in citations] + [len(text)]
    is_abbreviated = _ABBREVIATED.search(text) is not None
    mentions: list[_Mention] = []
    before: _Mention | None = None  # the last one that is not in the note of another one
    for n, citation in enumerate(citations):
        if before is not None and citation.start < before.end:
            _read_note(text, before, citation, mentions)
            continue
        named = citation
        if citation.title in _KINDS and (is_abbreviated or not citation.text):
            same = _same_statute(citation, mentions)
            if same is None and not citation.text:
                continue
            named = same or citation
        title_end = _end_of_title(text, named)
        if named.kind == "statute":
            note_end = _end_of_note(text, title_end)
        else:
            note_end = unmarked[1] if (unmarked := find_unmarked_title(text, named)) else title_end
        mention = _Mention(named, key_of(named), "mention", title_end, note_end)
        mention.places = ARTICLES.match(text, note_end) or PLACE.match(text, note_end)
        mention.following = max(starts[n + 1], named.end)
        mentions.append(mention)
        before = mention
    return mentions


_KINDS = frozenset(("法", "条例", "办法", "规定", "细则"))
_ABBREVIATED = re.compile(r"简称\s*[：:为]?\s*[《“\"'](?:法|条例|办法|规定|细则)[》”\"']")
"""以下简称《条例》: the title that is abbreviated like this names a statute before it."""


def _find_titles_and_numbers(text: str) -> list[Citation]:
    """Find citations, titles of which only a part is in 《》 or nothing, and 同法."""
    citations = [_complete_title(text, one) for one in find_citations(text)]
    further = list(_UNMARKED.finditer(text)) if "中华人民共和国" in text else []
    further += _SAME_STATUTE.finditer(text) if "同" in text or "该" in text else []
    if not further:
        return citations
    citations.sort(key=lambda one: one.start)
    starts, ends = [one.start for one in citations], [one.end for one in citations]
    for match in further:
        before = bisect_right(starts, match.start())
        if not before or ends[before - 1] <= match.start():
            title = match.groupdict().get("kind") or match[0]
            citations.append(Citation("statute", title=title, start=match.start(), end=match.end()))
    return sorted(citations, key=lambda one: one.start)


def _same_statute(citation: Citation, mentions: Sequence[_Mention]) -> Citation | None:
    """Return 同法 as a citation of the statute that was named last; None if that is of another kind."""
    statutes = (one for one in reversed(mentions) if one.citation.kind == "statute")
    title = next((one.citation.title for one in statutes if one.role != "edition-note"), "")
    bare = re.sub(r"[（(][^（()）]*[)）]$", "", title)
    kinds = ("法", "法典") if citation.title == "法" else citation.title
    return structs.replace(citation, title=title) if bare.endswith(kinds) else None


def _complete_title(text: str, citation: Citation) -> Citation:
    """Return a title with its words outside 《》: 辽宁省实施《水法》办法."""
    if citation.kind != "statute":
        return citation
    end = end_of_title(text, citation)
    rules = _RULES.match(text, end)
    lead = rules and _IMPLEMENTING.search(text[max(0, citation.start - _LONGEST_PLACE) : citation.start])
    if not (rules and lead):
        return citation
    place = lead["place"]
    for first in range(len(place) - 1):
        if administrative_divisions.find_codes(place[first:]):
            start = citation.start - len(place) - len("实施") + first
            title = text[start : rules.end()]
            return structs.replace(citation, title=title, start=start, end=rules.end())
    return citation


def _end_of_title(text: str, citation: Citation) -> int:
    has_marks = citation.kind == "statute" and text[citation.start] in "《〈＜"
    return end_of_title(text, citation) if has_marks else citation.end


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


def _list_places(text: str, mention: _Mention, in_ranges: int) -> Iterator[CitedWork]:
    """Yield the places of a mention, of which ``in_ranges`` at most are within a range."""
    citation, places = mention.citation, mention.places
    kind = kind_of_title(citation.title) if citation.kind == "statute" else kind_of_key(mention.key)

    def work(start: int, end: int, article: int = 0, place: str = "") -> CitedWork:
        return CitedWork(mention.key, kind, article, place, mention.role, start, end)

    if places is None:
        yield work(citation.start, mention.title_end)
    elif places.re is PLACE:
        yield work(citation.start, places.end(), 0, _plain(places["place"]))
    else:
        yield from _list_articles(text, citation.start, places, work, in_ranges)


def _list_articles(
    text: str,
    start: int,
    places: re.Match[str],
    work: Callable[[int, int, int, str], CitedWork],
    in_ranges: int,
) -> Iterator[CitedWork]:
    """Yield the articles of a list; the first one begins with the title."""
    last, end = 0, places.start("list")
    for match in ARTICLE.finditer(text, places.start("list"), places.end()):
        number = chinese_number(_plain(match["number"])) or 0
        between = text[end : match.start()].strip()
        if between and all(mark in TO for mark in between):
            inner = range(last + 1, number if number - last < min(_MOST_IN_RANGE, in_ranges) else last)
            in_ranges -= len(inner)
            for article in inner:
                yield work(start, match.end(), article, "")
        start = start if last == 0 else match.start()
        yield work(start, match.end(), number, _plain(match["place"] or ""))
        last, end = number, match.end()


def _plain(text: str) -> str:
    return "".join(text.split()).translate(_WIDE)
