"""Effects of works on works that a record states: it repeals, replaces, amends, implements or interprets one.

A list of statutes says what repealed each of them. A document ends others (``ends``), explains others
(``explains``), or names what it amends and implements in its title. A row of a list of decisions is what the
decision cancels, delegates or changes. Nothing is guessed from likeness.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Literal, Protocol

import msgspec

from publisher.ingest.documents.relations import find_repealed
from schemas.definition.catalogue import Catalogue, Content
from schemas.normalise import chinese_number
from schemas.reference.citations.text_signs import unify_signs
from schemas.reference.works import parse_key

type EffectKind = Literal["repeals", "amends", "replaces", "delegates", "cancels", "interprets", "implements"]

STATUTES = "statutes"
ONE_VALUE = -1
"""Item of a field that has one value."""
_ENDS = re.compile(r"[废廢]止|替代|代替|取代|失效|作废|停止[执施]行|不再[执施]行")
_SENTENCE_END = re.compile(r"[。；\n]")
_ARTICLE = re.compile(r"第([一二三四五六七八九十百千零〇○\d]+)条")
_NAME = r"[《〈](?:[^《》〈〉]|[《〈][^《》〈〉]*[》〉])+[》〉]"
_TITLE = re.compile(_NAME)
_NAMES = re.compile(rf"(?P<names>(?:(?:[、和及与]|以及)?{_NAME})+)").pattern
_AMENDS = re.compile(rf"关于(?:补充)?(?:修改|修订|修正){_NAMES}")
"""The works that a document amends, by its title: 关于修改《水法》和《防洪法》的决定."""
_AMENDMENT = re.compile(
    r"[《〈]?(?P<title>[^《》〈〉]{2,})[》〉]?修正案(?:[（(][一二三四五六七八九十]+[）)])?"
)
"""刑法修正案（十一）: the title contains that of the work."""
_IMPLEMENTS = re.compile(
    rf"(?<!停止)(?<!不再)(?<!暂停)(?<!中止)(?<!终止)(?<!废止)(?<!暂缓)(?<!延期)(?:实施|贯彻|执行|落实){_NAMES}"
)
"""贯彻《水法》: the works that a document implements, by its title."""
_IMPLEMENTS_UNMARKED = re.compile(
    r".{2,}实施(?P<title>中华人民共和国[^《》]{1,30}?(?:法|条例))(?:实施)?(?:若干)?(?:办法|细则|规定|条例)(?:[（(][^（）()]*[)）])?"
)
_HALF_WIDTH_MARKS = re.compile(r"<([\u4e00-\u9fff]{2,60})>")
_TITLE_OF_IMPLEMENTING_RULES = re.compile(
    r"(?P<title>.{2,}(?:法|条例|规定|办法))(?:实施|施行)(?:条例|细则|办法|规定|规则)(?:[（(][^（）()]*[)）])?"
)
"""水法实施条例: the title contains that of the statute, without 《》."""
_DECISIONS: Mapping[str, EffectKind] = {
    "取消": "cancels",
    "部分取消": "cancels",
    "下放": "delegates",
    "下放省级": "delegates",
}
"""Words of a decision on an item; every other one changes it."""


class CitedPlace(Protocol):
    """A place of a work that a text cites."""

    @property
    def key(self) -> str: ...
    @property
    def start(self) -> int: ...


class Effect(msgspec.Struct, frozen=True):
    """A row of the table ``effect``, without the revision."""

    kind: EffectKind
    source: str
    target: str | None
    article: int
    day: int | None
    """Ordinal."""
    field: str
    item: int
    start: int
    end: int


def effects_of(
    catalogue: Catalogue, content: Content, own: str, cited: Mapping[str, Sequence[CitedPlace]]
) -> Iterator[Effect]:
    """Yield the effects that a record states.

    ``own``: key of the work that the record is, or empty. ``cited``: field with one value → works in it.
    """
    if catalogue.name == STATUTES:
        yield from _repeal_of_statute(content, own)
    elif catalogue.decision_field is not None:
        yield from _decision(catalogue, content, catalogue.decision_field)
    elif own and catalogue.of_documents:
        yield from _of_document(catalogue, content, own, cited)
    if own:
        yield from _named_in_title(catalogue, content, own)


def _repeal_of_statute(content: Content, own: str) -> Iterator[Effect]:
    by = content.get("repealed_by")
    source = parse_key(by) if isinstance(by, str) else ""
    if not (source and own):
        return
    article = _text(content, "repealed_article")
    field = "repealed_article" if article else "repealed_by"
    number = _ARTICLE.search(article)
    yield Effect(
        "replaces" if source == own else "repeals",
        source,
        target=own,
        article=(chinese_number(number[1]) or 0) if number else 0,
        day=_day(content.get("repealed_on")),
        field=field,
        item=ONE_VALUE,
        start=0,
        end=len(_text(content, field)),
    )


def _decision(catalogue: Catalogue, content: Content, field: str) -> Iterator[Effect]:
    number = next((f.name for f in catalogue.fields if f.format == "document-number"), "")
    source, item = parse_key(_text(content, number)), _text(content, catalogue.title_field)
    if source and item:
        kind = _DECISIONS.get(_text(content, field), "amends")
        day = _day(content.get(catalogue.date_field or ""))
        yield Effect(kind, source, None, 0, day, catalogue.title_field, ONE_VALUE, 0, len(item))


def _of_document(
    catalogue: Catalogue, content: Content, own: str, cited: Mapping[str, Sequence[CitedPlace]]
) -> Iterator[Effect]:
    day = _day(content.get("effective_on"))
    body = next((f.name for f in catalogue.fields if f.format == "markdown" and f.name in content), "")
    text, works = _text(content, body), cited.get(body, ())
    ends = content.get("ends")
    for item, name in enumerate(ends if isinstance(ends, list) else ()):
        target = parse_key(str(name))
        if target and target != own:
            place = _find_sentence(text, works, target)
            where = (body, ONE_VALUE, *place) if place else ("ends", item, 0, len(str(name)))
            yield Effect("repeals", own, target, 0, day, *where)
    if not ends and _ENDS.search(text):
        yield from _read_repeals(_text(content, catalogue.title_field), text, body, works, own, day)
    explains = content.get("explains")
    for item, name in enumerate(explains if isinstance(explains, list) else ()):
        target = parse_key(str(name))
        if target and target != own:
            yield Effect("interprets", own, target, 0, day, "explains", item, 0, len(str(name)))
    by = _text(content, "ended_by")
    if (source := parse_key(by)) and source != own:
        yield Effect("repeals", source, own, 0, None, "ended_by", ONE_VALUE, 0, len(by))


def _read_repeals(
    title: str, text: str, field: str, works: Sequence[CitedPlace], own: str, day: int | None
) -> Iterator[Effect]:
    """Yield the repeals in the text of a document whose field ``ends`` is blank."""
    for repeal in find_repealed(title, [line.lstrip("#> ") for line in text.split("\n")]):
        target = parse_key(repeal.name)
        place = _find_sentence(text, works, target)
        if target and target != own and place:
            yield Effect("repeals", own, target, 0, day, field, ONE_VALUE, *place)


def _find_sentence(text: str, works: Sequence[CitedPlace], target: str) -> tuple[int, int] | None:
    """Return the sentence that ends a work, else the first one that names it; None if none does."""
    places = [sentence_at(text, work.start) for work in works if work.key == target]
    ending = (place for place in places if _ENDS.search(text, *place))
    return next(ending, places[0] if places else None)


def sentence_at(text: str, position: int) -> tuple[int, int]:
    """Return the start and the end of the sentence at a position."""
    start = max((text.rfind(sign, 0, position) for sign in "。；\n"), default=-1) + 1
    end = _SENTENCE_END.search(text, position)
    return start, end.end() if end and end[0] != "\n" else end.start() if end else len(text)


def _named_in_title(catalogue: Catalogue, content: Content, own: str) -> Iterator[Effect]:
    title = _text(content, catalogue.title_field)
    marked = _HALF_WIDTH_MARKS.sub(r"〈\1〉", unify_signs(title))
    day = _day(content.get("effective_on" if catalogue.of_documents else "effective"))
    targets_by_kind: Mapping[EffectKind, list[str]] = {
        "amends": _amended(marked),
        "implements": _implemented(marked),
    }
    for kind, targets in targets_by_kind.items():
        for target in dict.fromkeys(targets):
            if target and target != own:
                yield Effect(kind, own, target, 0, day, catalogue.title_field, ONE_VALUE, 0, len(title))


def _amended(title: str) -> list[str]:
    match = _AMENDS.search(title)
    amendment = None if match else _AMENDMENT.fullmatch(title)
    names = _TITLE.findall(match["names"]) if match else [amendment["title"]] if amendment else []
    return [parse_key(name) for name in names]


def _implemented(title: str) -> list[str]:
    quoted = next((one for one in _IMPLEMENTS.finditer(title) if not _is_inside(title, one.start())), None)
    rules = _TITLE_OF_IMPLEMENTING_RULES.fullmatch(title) or _IMPLEMENTS_UNMARKED.fullmatch(title)
    names = _TITLE.findall(quoted["names"]) if quoted else [rules["title"]] if rules else []
    return [parse_key(name) for name in names]


def _is_inside(title: str, position: int) -> bool:
    """Test for a position in 《》: 关于修改《实施〈水法〉的办法》的决定 implements nothing."""
    return title.count("《", 0, position) > title.count("》", 0, position)


def _text(content: Content, field: str) -> str:
    value = content.get(field)
    return value if isinstance(value, str) else ""


def _day(value: object) -> int | None:
    try:
        return date.fromisoformat(str(value)).toordinal() if value else None
    except ValueError:
        return None
