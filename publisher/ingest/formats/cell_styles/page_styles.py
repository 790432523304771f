"""Styles of an HTML page that hide its elements or strike them out (CSS 2.2, chapter 6.4: the cascade).

No style sheet is fetched: only the page's own are known, and classes that the common ones use. Text that may
be visible is read. A rule with one element in its selector hides; any rule that does not wait for the mouse
shows, and so does one for wide screens. Where a page has more rules, or more to compare, than pages have,
only what its elements state themselves hides them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
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
_MOST_CSS = 2 << 20
_MOST_RULES, _MOST_COMPOUNDS = 20_000, 20
_MOST_TESTS = 1_500_000
"""Most comparisons of an element with a part of a selector, for all elements of a page."""
_TESTS_OF_CASCADE = 10
"""Comparisons that take as long as a cascade without any rule."""
_DEEPEST = 4
_LAST = 1 << 30
"""A place behind every rule of the page."""
_MOST_EXAMINED = 2_000
"""Most descendants of an element that are examined for one that is visible again."""
_NOISE = re.compile(
    r"""/\*.*?(?:\*/|\Z)|<!--|-->|"(?:[^"\\\n]|\\.)*+(?:["\n]|\\?\Z)|'(?:[^'\\\n]|\\.)*+(?:['\n]|\\?\Z)""",
    re.DOTALL,
)
"""Comments, and texts in quotation marks: these may contain signs of the syntax."""
_TOKEN = re.compile(r"[{};]")
_COMPOUND = re.compile(
    r"(?P<tag>[a-z][\w-]*|\*)?(?P<names>(?:[.#][\w-]+)*)(?P<places>(?::(?:first|last)-child)*)", re.IGNORECASE
)
_NAME = re.compile(r"[.#][\w-]+")
_COMBINATOR = re.compile(r" ?(>) ?| ")
_IMPORTANT = re.compile(r"!\s*important")
_CONDITIONAL = re.compile(r"@(?:(?P<media>media)|supports|layer|container)\b")
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

    def matches_above(self, line: Sequence[etree._Element]) -> bool:
        """Test what is around an element of the last compound. ``line``: that element and its ancestors."""
        reached = [0]
        for compound, is_child in zip(reversed(self.compounds[:-1]), reversed(self.children), strict=True):
            places = [n + 1 for n in reached] if is_child else range(reached[0] + 1, len(line))
            reached = [n for n in places if n < len(line) and compound.matches(line[n])]
            if not reached:
                return False
        return True


class PageStyles:
    """The styles of one page."""

    def __init__(self, root: etree._Element) -> None:
        self._by_key: dict[str, list[_Rule]] = defaultdict(list)
        """Rules by one of the names of their last compound, or by its tag."""
        self._hiding: set[str] = set()
        """Keys of the rules that may hide an element."""
        self._defined: set[str] = set()
        """Classes for which the page states itself whether they are shown."""
        self._tests = _MOST_TESTS
        """Comparisons that may still be made."""
        sheets = [style for style in root.iter("style") if _is_applied(style)]
        rules = list(islice(_iter_sheets(sheets), _MOST_RULES + 1))
        if len(rules) > _MOST_RULES or sum(len(sheet.text or "") for sheet in sheets) > _MOST_CSS:
            self._tests = 0
            return
        for rule in rules:
            last = rule.compounds[-1]
            key = min(last.names, default=last.tag.lower() or "*")
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
        if sign == "blank" and self._is_shown_inside(element, style):
            return None
        if self._tests > 0:
            return sign
        self._by_key.clear()
        self._hiding.clear()
        own = "struck" if element.tag in _STRUCK_TAGS else _find_sign({n: value for n, value, _ in inline})
        return own if own != "blank" else None

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
        line = [element, *element.iterancestors()]
        self._tests -= _TESTS_OF_CASCADE
        stated: list[tuple[_Precedence, str, str]] = []
        if element.tag in _STRUCK_TAGS:
            stated.append(((False, -1, 0, 0, 0), "text-decoration", "line-through"))
        if assumed := self._assumed(names):
            stated.append(((False, 0, 1, 0, _LAST), *assumed))
        if any(_SHOWING_CLASS.fullmatch(name[1:].lower()) for name in names if name[0] == "."):
            stated.append(((False, 0, 1, 0, _LAST + 1), "display", "block"))
        for key in (*names, str(element.tag), "*"):
            for rule in self._by_key.get(key, ()):
                if self._matches(rule, line):
                    stated += (
                        (rule.precedence(is_important=important), name, value)
                        for name, value, important in rule.declarations
                    )
        for name, value, important in _parse_declarations((element.get("style") or "").lower()):
            stated.append(((important, _LAST, 0, 0, 0), name, value))
        return {name: value for _, name, value in sorted(stated, key=lambda one: one[0])}

    def _matches(self, rule: _Rule, line: Sequence[etree._Element]) -> bool:
        self._tests -= 1
        if self._tests < 0 or not rule.compounds[-1].matches(line[0]):
            return False
        self._tests -= (len(rule.compounds) - 1) * len(line)
        return rule.matches_above(line)

    def _is_shown_inside(self, element: etree._Element, style: dict[str, str]) -> bool:
        """Test for a descendant that is visible again: a font size of 0 removes the gaps between blocks."""
        inherited = [name for name in _INHERITED if _find_sign({name: style.get(name, "1")})]
        if _find_sign({**style, **dict.fromkeys(inherited, "1")}):
            return False
        for descendant in islice(element.iterdescendants(etree.Element), _MOST_EXAMINED):
            own = self._cascade(descendant)
            if self._tests <= 0:
                return True
            values = [own.get(name, "inherit") for name in inherited]
            if not any(map(_RELATIVE.fullmatch, values)) and not _find_sign(own):
                return True
        return False


def _names_of(element: etree._Element) -> frozenset[str]:
    names = {f".{name}" for name in (element.get("class") or "").split()}
    return frozenset({*names, f"#{element.get('id')}"} if element.get("id") else names)


def _is_applied(sheet: etree._Element) -> bool:
    """Test for a style sheet of a page on a screen. That of ``noscript`` is for browsers without scripts."""
    return (
        sheet.get("type", "").strip().lower() in {"", "text/css"}
        and _is_for_screens(f"@media {sheet.get('media', '')}")
        and next(sheet.iterancestors(*NEVER_SEEN), None) is None
    )


def _iter_sheets(sheets: Iterable[etree._Element]) -> Iterator[_Rule]:
    order = 0
    for sheet in sheets:
        may_hide = sheet.get("media", "").strip().lower() in {"", "all", "screen"}
        for rule in _iter_rules((sheet.text or "")[:_MOST_CSS], order, may_hide=may_hide):
            order = rule.order
            yield rule


def _iter_rules(css: str, order: int, *, may_hide: bool) -> Iterator[_Rule]:
    """Yield a rule for each selector that is understood. Rules for other media than screens are left out."""
    css = _NOISE.sub("", css)
    # What is before each open brace, the declarations after it, and whether rules among them are read.
    opened: list[tuple[str, list[str], bool]] = []
    start = 0
    for token in _TOKEN.finditer(css):
        text = css[start : token.start()].strip()
        start = token.end()
        is_read = len(opened) < _DEEPEST and all(inner for _, _, inner in opened[-1:])
        if token[0] == "{":
            opened.append((text, [], is_read and _is_for_screens(text)))
        elif opened:
            opened[-1][1].append(text)
        if token[0] == "}" and opened:
            prelude, pieces, _ = opened.pop()
            is_read = len(opened) < _DEEPEST and all(inner for _, _, inner in opened[-1:])
            if is_read and not prelude.startswith("@"):
                order += 1
                declarations = _parse_declarations(";".join(pieces).lower())
                yield from _build_rules(prelude, declarations, order, may_hide=may_hide and not opened)


def _is_for_screens(at_rule: str) -> bool:
    """Test for a block of rules that may hold on a screen."""
    kind = _CONDITIONAL.match(at_rule.lower())
    if kind is None:
        return False
    return kind["media"] is None or any(map(_is_screen, at_rule.lower()[kind.end() :].split(",")))


def _is_screen(query: str) -> bool:
    if ("print" in query and "not print" not in query) or "speech" in query:
        return False
    widths = [
        (bound, float(number) * (1 if unit == "px" else 16))
        for bound, number, unit in _CONDITION.findall(query)
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
        if len(parts) >= 2 * _MOST_COMPOUNDS:
            continue
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
        (name.strip(), value.partition("!")[0].strip(), _IMPORTANT.search(value) is not None)
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
