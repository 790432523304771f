"""Styles of an HTML page that hide its elements or strike them out (CSS 2.2, chapter 6.4: the cascade).

No style sheet is fetched: only the page's own are known, and classes that the common ones use. Text that may
be visible is read. A rule with one element in its selector hides; any rule that does not wait for the mouse
shows, and so does one for wide screens.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal

import msgspec
from lxml import etree

type Sign = Literal["hidden", "blank", "struck"]
"""Hidden elements take no room, as ``display: none``; of blank ones only the text is not seen."""

_STRUCK_TAGS = frozenset({"del", "s", "strike"})
NEVER_SEEN = frozenset({"template", "noscript", "datalist"})
_TRUE_HIDES, _FALSE_HIDES = ("ng-hide",), ("ng-show", "ng-if", "v-show", "v-if", "x-show")
_HIDING_CLASS = re.compile(
    r"(?!no-|not-|un)(?:[\w-]+-hide|hide|hidden|is-hidden|d-none|dn|invisible|visually-hidden|sr-only|display-?none)"
)
_HIDES_ELSEWHERE = re.compile(
    r"(?:[\w-]+-)?(?:mobile|phone|tablet|pad|wap|h5|m|app|xs|sm|md|lg|xl|small|medium|print|scroll|scrollbar"
    r"|overflow|over|border|outline|arrow|auto|click|hover|toggle|no|not|can|show)-hide"
)
"""Classes that hide something on some devices only, or something else than the text."""
_SHOWING_CLASS = re.compile(
    r"d-(?:sm|md|lg|xl|xxl)-(?!none)[a-z-]+"
    r"|(?:sm|md|lg|xl|2xl):(?:block|flex|grid|contents|not-sr-only|visible|inline[a-z-]*|table[a-z-]*)"
)
"""Classes that show on screens of a usual width what another class hides."""
_WIDTH = 1280
"""Width of the screen that media queries are read for."""

_FAR_OFF = re.compile(r"-(?:999|\d{4,})(?:\.\d+)?(?:px|pt)?|-\d{3,}(?:\.\d+)?(?:em|rem|%)")
_ZERO = re.compile(r"0(?:\.0+)?(?:px|pt|em|rem|%)?")
_MOST_CSS = 256 << 10
_MOST_RULES, _MOST_BY_KEY = 4_000, 500
_DEEPEST = 4
_LAST = 1 << 30
"""A place behind every rule of the page."""
_MOST_EXAMINED = 2_000
"""Most descendants of an element that are examined for one that is visible again."""
_NOISE = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_TOKEN = re.compile(r"[{};]")
_COMPOUND = re.compile(
    r"(?P<tag>[a-z][\w-]*|\*)?(?P<names>(?:[.#][\w-]+)*)(?P<places>(?::(?:first|last)-child)*)", re.IGNORECASE
)
_NAME = re.compile(r"[.#][\w-]+")
_COMBINATOR = re.compile(r" ?(>) ?| ")
_CONDITION = re.compile(r"\(\s*(min|max)-width\s*:\s*([\d.]+)\s*(px|em|rem)\s*\)")

_PROPERTIES = frozenset(
    {"display", "visibility", "opacity", "font-size", "left", "top", "text-indent", "margin-left"}
    | {"overflow", "height", "text-decoration", "text-decoration-line"}
)
_INHERITED = ("visibility", "font-size")
_RELATIVE = re.compile(r"inherit|unset|[\d.]+(?:em|%)|larger|smaller")

type _Precedence = tuple[bool, int, int, int, int]
"""Important or not, identifiers, classes, tags, and the place in the page."""


class TableMarks(msgspec.Struct):
    """What is hidden or struck out in the tables of a page and was read, and what was not."""

    hidden_rows: set[etree._Element] = msgspec.field(default_factory=set)
    hidden_cells: set[etree._Element] = msgspec.field(default_factory=set)
    """Hidden headings, whose columns are hidden."""
    hidden_columns: dict[etree._Element, set[int]] = msgspec.field(default_factory=dict)
    """Table → numbers of the columns that are hidden by an element of their own."""
    struck_rows: set[etree._Element] = msgspec.field(default_factory=set)
    struck_cells: set[etree._Element] = msgspec.field(default_factory=set)
    unseen_rows: set[etree._Element] = msgspec.field(default_factory=set)
    """Rows with hidden or struck parts that were removed."""


class _Compound(msgspec.Struct, frozen=True):
    """A selector of one element: ``div.tab.on:first-child``."""

    tag: str
    names: frozenset[str]
    """With their sign: ``.tab``, ``#list``."""
    places: frozenset[str]

    def matches(self, element: etree._Element) -> bool:
        return (
            self.tag.lower() in {"", "*", element.tag}
            and self.names <= _names_of(element)
            and not ("first-child" in self.places and element.getprevious() is not None)
            and not ("last-child" in self.places and element.getnext() is not None)
        )


class _Rule(msgspec.Struct, frozen=True):
    compounds: tuple[_Compound, ...]
    children: tuple[bool, ...]
    """Whether each compound but the first is a child of the one before, and no other descendant."""
    declarations: tuple[tuple[str, str, bool], ...]
    """Property, value, and whether it is important."""
    order: int

    def precedence(self, *, is_important: bool) -> _Precedence:
        names = [name for compound in self.compounds for name in compound.names]
        identifiers = sum(name[0] == "#" for name in names)
        places = sum(len(compound.places) for compound in self.compounds)
        tags = sum(compound.tag not in {"", "*"} for compound in self.compounds)
        return is_important, identifiers, len(names) - identifiers + places, tags, self.order

    def matches(self, element: etree._Element) -> bool:
        *above, last = self.compounds
        if not last.matches(element):
            return False
        parent = element.getparent()
        for compound, is_child in zip(reversed(above), reversed(self.children), strict=True):
            while parent is not None and not compound.matches(parent):
                parent = None if is_child else parent.getparent()
            if parent is None:
                return False
            parent = parent.getparent()
        return True


class PageStyles:
    """The styles of one page."""

    def __init__(self, root: etree._Element) -> None:
        css = "\n".join(style.text or "" for style in root.iter("style"))[:_MOST_CSS]
        self._by_key: dict[str, list[_Rule]] = defaultdict(list)
        """Rules by one of the names of their last compound, or by its tag."""
        self._hiding: set[str] = set()
        """Keys of the rules that may hide an element."""
        self._defined: set[str] = set()
        """Classes for which the page states itself whether they are shown."""
        for rule in islice(_iter_rules(css), _MOST_RULES):
            last = rule.compounds[-1]
            key = min(last.names, default=last.tag.lower() or "*")
            if len(self._by_key[key]) >= _MOST_BY_KEY:
                continue
            self._by_key[key].append(rule)
            if _find_sign({name: value for name, value, _ in rule.declarations}):
                self._hiding.add(key)
            is_of_one_name = len(rule.compounds) == 1 and len(last.names) == 1 and not last.tag
            if is_of_one_name and any(name == "display" for name, _, _ in rule.declarations):
                self._defined |= last.names

    def find_sign(self, element: etree._Element) -> Sign | None:
        """Return the sign that a reader of the page does not see the text of an element; None without one."""
        if element.tag in NEVER_SEEN or (element.tag == "dialog" and "open" not in element.attrib):
            return "hidden"
        if not element.attrib and element.tag not in _STRUCK_TAGS:
            return None
        values = {name: str(value).strip().lower() for name, value in element.attrib.items()}
        inline = _parse_declarations(values.get("style", ""))
        if "hidden" in values and all(name != "display" or value == "none" for name, value, _ in inline):
            return "hidden"
        if values.get("aria-hidden") == "true" or any(values.get(name) == "true" for name in _TRUE_HIDES):
            return "hidden"
        if any(values.get(name) == "false" for name in _FALSE_HIDES):
            return "hidden"
        names = _names_of(element)
        assumed = self._assumed(names)
        if not (
            assumed
            or element.tag in _STRUCK_TAGS
            or _find_sign({name: value for name, value, _ in inline})
            or not self._hiding.isdisjoint(names)
        ):
            return None
        style = self._cascade(element)
        sign = _find_sign(style)
        return None if sign == "blank" and self._is_shown_inside(element, style) else sign

    def _assumed(self, names: Iterable[str]) -> tuple[str, str] | None:
        """Return what the common style sheets state of a class that hides; None without one."""
        classes = {name: name[1:].lower() for name in names if name[0] == "."}
        if any(_SHOWING_CLASS.fullmatch(text) for text in classes.values()):
            return None
        hiding = {
            text
            for name, text in classes.items()
            if name not in self._defined
            and _HIDING_CLASS.fullmatch(text)
            and not _HIDES_ELSEWHERE.fullmatch(text)
        }
        if not hiding:
            return None
        return ("visibility", "hidden") if hiding == {"invisible"} else ("display", "none")

    def _cascade(self, element: etree._Element) -> dict[str, str]:
        """Return property → value of an element, by every rule that is known."""
        names = _names_of(element)
        stated: list[tuple[_Precedence, str, str]] = []
        if element.tag in _STRUCK_TAGS:
            stated.append(((False, -1, 0, 0, 0), "text-decoration", "line-through"))
        if assumed := self._assumed(names):
            stated.append(((False, 0, 1, 0, _LAST), *assumed))
        if any(_SHOWING_CLASS.fullmatch(name[1:].lower()) for name in names if name[0] == "."):
            stated.append(((False, 0, 1, 0, _LAST + 1), "display", "block"))
        for key in (*names, str(element.tag), "*"):
            for rule in self._by_key.get(key, ()):
                if rule.matches(element):
                    stated += (
                        (rule.precedence(is_important=important), name, value)
                        for name, value, important in rule.declarations
                    )
        for name, value, important in _parse_declarations((element.get("style") or "").lower()):
            stated.append(((important, _LAST, 0, 0, 0), name, value))
        return {name: value for _, name, value in sorted(stated, key=lambda one: one[0])}

    def _is_shown_inside(self, element: etree._Element, style: dict[str, str]) -> bool:
        """Test for a descendant that is visible again: a font size of 0 removes the gaps between blocks."""
        inherited = [name for name in _INHERITED if _find_sign({name: style.get(name, "1")})]
        if _find_sign({**style, **dict.fromkeys(inherited, "1")}):
            return False
        for descendant in islice(element.iterdescendants(etree.Element), _MOST_EXAMINED):
            own = self._cascade(descendant)
            values = [own.get(name, "inherit") for name in inherited]
            if not any(map(_RELATIVE.fullmatch, values)) and not _find_sign(own):
                return True
        return False


def _names_of(element: etree._Element) -> frozenset[str]:
    names = {f".{name}" for name in (element.get("class") or "").split()}
    return frozenset({*names, f"#{element.get('id')}"} if element.get("id") else names)


def _iter_rules(css: str) -> Iterator[_Rule]:
    """Yield a rule for each selector that is understood. Rules for other media than screens are left out."""
    css = _NOISE.sub("", css)
    opened: list[tuple[str, int]] = []  # what stands before each open brace, and where it opens
    start = order = 0
    for token in _TOKEN.finditer(css):
        if token[0] == "{":
            opened.append((css[start : token.start()].strip(), token.end()))
        elif token[0] == ";" and opened and not opened[-1][0].startswith("@"):
            continue
        elif token[0] == "}" and opened:
            prelude, begin = opened.pop()
            if (
                not prelude.startswith("@")
                and len(opened) < _DEEPEST
                and all(_is_for_screens(text) for text, _ in opened)
            ):
                order += 1
                declarations = _parse_declarations(css[begin : token.start()].lower())
                yield from _build_rules(prelude, declarations, order, may_hide=not opened)
        start = token.end()


def _is_for_screens(at_rule: str) -> bool:
    text = at_rule.lower()
    if not text.startswith("@media") or ("print" in text and "not print" not in text) or "speech" in text:
        return False
    widths = [
        (bound, float(number) * (1 if unit == "px" else 16))
        for bound, number, unit in _CONDITION.findall(text)
        if number.count(".") < 2 and number != "."
    ]
    return all(width <= _WIDTH if bound == "min" else width >= _WIDTH for bound, width in widths)


def _build_rules(
    selectors: str, declarations: list[tuple[str, str, bool]], order: int, *, may_hide: bool
) -> Iterator[_Rule]:
    showing = tuple(
        d for d in declarations if not _find_sign({d[0]: d[1]}) and d[:2] != ("overflow", "hidden")
    )
    for selector in selectors.split(",") if declarations else ():
        parts = _COMBINATOR.split(" ".join(selector.split()))
        matches = [_COMPOUND.fullmatch(part) for part in parts[::2]]
        compounds = tuple(
            _Compound(
                m["tag"] or "", frozenset(_NAME.findall(m["names"])), frozenset(m["places"].split(":")[1:])
            )
            for m in matches
            if m is not None and m[0]
        )
        if len(compounds) < len(matches):
            continue
        hides = may_hide and len(compounds) == 1 and compounds[0].names
        if kept := tuple(declarations) if hides else showing:
            yield _Rule(compounds, tuple(part == ">" for part in parts[1::2]), kept, order)


def _parse_declarations(style: str) -> list[tuple[str, str, bool]]:
    pairs = (declaration.partition(":") for declaration in style.split(";"))
    return [
        (name.strip(), value.replace("!important", "").strip(), "!important" in value)
        for name, _, value in pairs
        if value.strip() and name.strip() in _PROPERTIES
    ]


def _find_sign(style: dict[str, str]) -> Sign | None:
    """Return the sign that a style hides or strikes out its element."""
    if style.get("display") == "none":
        return "hidden"
    if "line-through" in style.get("text-decoration", "") + style.get("text-decoration-line", ""):
        return "struck"
    sides = ["left", "top", "text-indent"]
    if not style.get("left", "").endswith("%"):  # left: 50% with half the width as margin is centred
        sides.append("margin-left")
    is_blank = (
        style.get("visibility") in {"hidden", "collapse"}
        or re.fullmatch(r"0?\.?0+%?", style.get("opacity", "1")) is not None
        or _ZERO.fullmatch(style.get("font-size", "1")) is not None
        or any(_FAR_OFF.fullmatch(style.get(name, "")) for name in sides)
        or (style.get("overflow") == "hidden" and _ZERO.fullmatch(style.get("height", "1")) is not None)
    )
    return "blank" if is_blank else None
