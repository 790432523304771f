"""Numbers that Word computes for the paragraphs of a list: 一、 or 第一条 (ECMA-376 part 1, 17.9)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec
from lxml import etree

from publisher.ingest.formats.number_formats.numerals import write_day, write_number

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SKIPPED = frozenset(
    {f"{_W}{name}" for name in ("del", "moveFrom", "rPr", "tblPr", "tcPr")}
    | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)
_LONGEST = 40
"""Characters of the text of a level; a longer one is no number."""
_MOST_LEVELS = 9
"""Levels of a list (17.9.3)."""
_MOST_BASES = 20
"""Styles that are based on one another."""
_LISTED = {
    "decimalEnclosedCircle": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedCircleChinese": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedParen": "⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇",
    "decimalEnclosedFullstop": "⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛",
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
    "lowerLetter": "abcdefghijklmnopqrstuvwxyz",
    "upperLetter": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "upperRoman": ("", *["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "Ⅵ", "Ⅶ", "Ⅷ", "Ⅸ", "Ⅹ", "Ⅺ", "Ⅻ"])[1:],
    "lowerRoman": ["ⅰ", "ⅱ", "ⅲ", "ⅳ", "ⅴ", "ⅵ", "ⅶ", "ⅷ", "ⅸ", "ⅹ"],
}
_HAN = frozenset(
    {"chineseCounting", "chineseCountingThousand", "ideographDigital", "japaneseCounting"}
    | {"taiwaneseCounting", "taiwaneseCountingThousand"}
)
_LEGAL = frozenset({"chineseLegalSimplified", "ideographLegalTraditional", "japaneseLegal"})
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_PLACE = re.compile(r"%([1-9])")


class _Level(msgspec.Struct):
    start: int
    form: str
    text: str
    follows: str
    """What is between the number and the text: a tab, a space or nothing."""
    style: str
    """Style whose paragraphs have this level."""
    restarts: bool
    is_legal: bool
    """Whether all numbers in its text are decimal."""


class _List(msgspec.Struct):
    """The levels of a list, and its counters, which several ``w:num`` may share."""

    levels: dict[int, _Level]
    counters: dict[int, int] = msgspec.field(default_factory=dict)


class _Use(msgspec.Struct):
    """A use of a list (``w:num``), which may begin some of its levels again."""

    numbered: _List
    starts: dict[int, int]


class _Column(msgspec.Struct):
    """The numbered paragraphs of a column of a table."""

    forms: set[tuple[str, str]] = msgspec.field(default_factory=set)
    """Forms of numbers, and texts of levels, of its paragraphs with text."""
    texts: int = 0
    numerals: int = 0
    """Those of its texts that begin with a digit."""


class _Place(msgspec.Struct):
    """A cell with numbered paragraphs."""

    column: _Column
    numbered: int = 0
    has_text: bool = False


def number_paragraphs(root: etree._Element, numbering: etree._Element, styles: etree._Element | None) -> None:
    """Write the number that Word shows before a paragraph into the paragraph, as a run of text.

    ``numbering``: root of ``word/numbering.xml``; ``styles``: root of ``word/styles.xml``. The number of
    the only numbered paragraph of a cell counts the rows and is no part of its text (50元): it is written in
    a column of bare numbers, and where several forms of numbers show how the rows nest.
    """
    style_elements = (
        {s.get(f"{_W}styleId"): s for s in styles.iter(f"{_W}style")} if styles is not None else {}
    )
    uses = _read_uses(numbering, style_elements)
    labels = []
    for paragraph, place in _iter_paragraphs(root):
        number, depth = _find_number(paragraph, style_elements, uses)
        use = uses.get(number)
        level = use.numbered.levels.get(depth) if use is not None else None
        label = _count(use, depth, level) if use is not None and level is not None else ""
        text = _find_text(paragraph) if label or place is not None else ""
        if label:
            labels.append((paragraph, label, text, place))
        if place is not None and text:
            place.has_text = True
            if label and level is not None:
                place.numbered += 1
                place.column.forms.add((level.form, level.text))
                place.column.texts += 1
                place.column.numerals += text[0].isdigit()
    for paragraph, label, text, place in labels:
        if place is not None and not _shows_number(place, text):
            continue
        run = etree.Element(f"{_W}r")
        etree.SubElement(run, f"{_W}t").text = (
            f"{label} " if text[:1].isdigit() and label[-1] != " " else label
        )
        paragraph.insert(1 if paragraph.find(f"{_W}pPr") is not None else 0, run)


def _shows_number(place: _Place, text: str) -> bool:
    """Test whether the number of a paragraph in a cell is content."""
    column = place.column
    if not place.has_text:
        return not column.texts
    nests = len(column.forms) > 1 and column.numerals * 2 < column.texts
    return bool(text) and (place.numbered > 1 or nests)


def _find_text(paragraph: etree._Element) -> str:
    """Return the first text of a paragraph that is no blank."""
    texts = (e.text or "" if e.tag == f"{_W}t" else "√" for e in paragraph.iter(f"{_W}t", f"{_W}sym"))
    return next((text.strip() for text in texts if text.strip()), "")


class _Walk:
    """The tables, rows and cells that are open where a walk through a document stands."""

    def __init__(self) -> None:
        self._tables: list[dict[int, _Column]] = []
        self._rows: list[int] = []  # next column of each row
        self.cells: list[_Place] = []

    def start(self, element: etree._Element) -> None:
        if element.tag == f"{_W}tbl":
            self._tables.append({})
        elif element.tag == f"{_W}tr":
            self._rows.append(_integer(_value(element, "trPr/gridBefore"), 0))
        elif element.tag == f"{_W}tc" and self._tables and self._rows:
            self.cells.append(_Place(self._tables[-1].setdefault(self._rows[-1], _Column())))
            self._rows[-1] += max(1, _integer(_value(element, "tcPr/gridSpan"), 1))

    def end(self, element: etree._Element) -> None:
        if element.tag == f"{_W}tbl":
            self._tables.pop()
        elif element.tag == f"{_W}tr":
            self._rows.pop()
        elif element.tag == f"{_W}tc" and self.cells:
            self.cells.pop()


def _iter_paragraphs(root: etree._Element) -> Iterator[tuple[etree._Element, _Place | None]]:
    """Yield the paragraphs with their cells, without those of rows whose deletion is tracked."""
    walker = etree.iterwalk(root, events=("start", "end"))
    walk = _Walk()
    for event, element in walker:
        if event == "end":
            walk.end(element)
            continue
        walk.start(element)
        is_deleted = element.tag == f"{_W}tr" and element.find(f"{_W}trPr/{_W}del") is not None
        if is_deleted or element.tag in _SKIPPED:
            walker.skip_subtree()
        elif element.tag == f"{_W}p":
            yield element, walk.cells[-1] if walk.cells else None


def _value(parent: etree._Element | None, path: str) -> str | None:
    """Return the value of the first element of a path (``numPr/numId``), or None."""
    if parent is None:
        return None
    element = parent.find("/".join(_W + name for name in path.split("/")))
    return element.get(f"{_W}val", "") if element is not None else None


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else default


def _is_on(text: str | None) -> bool:
    return text is not None and text not in {"0", "false", "off"}


def _read_uses(numbering: etree._Element, styles: Mapping[str | None, etree._Element]) -> dict[str, _Use]:
    elements = {a.get(f"{_W}abstractNumId"): a for a in numbering.iterchildren(f"{_W}abstractNum")}
    nums = {n.get(f"{_W}numId", ""): n for n in numbering.iterchildren(f"{_W}num")}
    lists: dict[str | None, _List] = {}
    uses: dict[str, _Use] = {}
    for name, num in nums.items():
        key = _value(num, "abstractNumId")
        link = _value(elements.get(key), "numStyleLink")
        if link is not None:  # the list is that of a style
            linked = nums.get(_value(styles.get(link), "pPr/numPr/numId") or "")
            key = _value(linked, "abstractNumId")
        element = elements.get(key)
        if element is None:
            continue
        if key not in lists:
            lists[key] = _List(_read_levels(element))
        use = uses[name] = _Use(lists[key], {})
        for override in num.iterchildren(f"{_W}lvlOverride"):
            depth = _integer(override.get(f"{_W}ilvl"), 0)
            start = _value(override, "startOverride")
            own = _read_levels(override)
            if own:
                use.numbered = _List(use.numbered.levels | own, use.numbered.counters)
            if start is not None and depth < _MOST_LEVELS:
                use.starts[depth] = _integer(start, 1)
    return uses


def _read_levels(parent: etree._Element) -> dict[int, _Level]:
    levels = ((_integer(level.get(f"{_W}ilvl"), 0), level) for level in parent.iterchildren(f"{_W}lvl"))
    return {
        depth: _Level(
            start=_integer(_value(level, "start"), 1),
            form=_value(level, "numFmt") or "decimal",
            text=_value(level, "lvlText") or "",
            follows=_value(level, "suff") or "tab",
            style=_value(level, "pStyle") or "",
            restarts=_value(level, "lvlRestart") != "0",
            is_legal=_is_on(_value(level, "isLgl") if _value(level, "isLgl") != "" else "1"),
        )
        for depth, level in levels
        if depth < _MOST_LEVELS
    }


def _find_number(
    paragraph: etree._Element, styles: Mapping[str | None, etree._Element], uses: Mapping[str, _Use]
) -> tuple[str, int]:
    """Return the list and the level of a paragraph, its own or those of its style; ``""`` without one."""
    number, depth = _value(paragraph, "pPr/numPr/numId"), _value(paragraph, "pPr/numPr/ilvl")
    name = _value(paragraph, "pPr/pStyle")
    for _ in range(_MOST_BASES):
        style = styles.get(name) if name else None
        if style is None or number is not None:
            break
        number = _value(style, "pPr/numPr/numId")
        if number is not None and depth is None:
            levels = uses[number].numbered.levels if number in uses else {}
            by_style = (str(d) for d, level in levels.items() if level.style == name)
            depth = next(by_style, _value(style, "pPr/numPr/ilvl"))
        name = _value(style, "basedOn")
    return number or "", _integer(depth, 0)


def _count(use: _Use, depth: int, level: _Level) -> str:
    """Count one paragraph, and return its number as Word shows it; ``""`` for a bullet."""
    counters = use.numbered.counters
    for deeper, start in list(use.starts.items()):  # a restart counts once
        counters[deeper] = start - 1
        del use.starts[deeper]
    counters[depth] = counters.get(depth, level.start - 1) + 1
    for deeper, other in use.numbered.levels.items():
        if deeper > depth and other.restarts:
            counters.pop(deeper, None)
    if level.form in {"bullet", "none"} or len(level.text) > _LONGEST:
        return ""
    label = _PLACE.sub(lambda match: _write_place(use.numbered, int(match[1]) - 1, level), level.text)
    is_apart = level.follows != "nothing" and label[-1:].isalnum()
    return f"{label} " if is_apart else label


def _write_place(numbered: _List, depth: int, level: _Level) -> str:
    other = numbered.levels.get(depth)
    if other is None:
        return ""
    number = numbered.counters.get(depth, other.start)
    return str(number) if level.is_legal else _write(number, other.form)


def _write(number: int, form: str) -> str:
    if form in _HAN:
        return write_day(number, 1)
    if form in _LEGAL:
        return write_number(str(number), 2)
    if form in {"bullet", "none"}:
        return ""
    if form == "decimalZero":
        return f"{number:02}"
    if form.startswith("decimalFullWidth"):
        return str(number).translate(_FULL_WIDTH)
    listed = _LISTED.get(form, "")
    return listed[number - 1] if 0 < number <= len(listed) else str(number)
