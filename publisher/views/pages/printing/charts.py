"""Charts as SVG, drawn by pygal without its styles and scripts. The style sheet has the colours.

A table next to the chart has the same numbers, so the chart is a single image for screen readers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import chain, count, takewhile
from typing import TYPE_CHECKING, Any, Literal

from lxml import etree
from markupsafe import Markup

if TYPE_CHECKING:
    from pygal.graph.graph import Graph

_CACHE_SIZE = 256
"""Number of cached charts: one takes milliseconds to draw, and lists change rarely."""
_WIDTH = 360
_EM = 13
"""Font size of the labels in units of the drawing, which is also the width of a Han character."""
_LONGEST = 9
"""Maximum length of a label, in characters. The table has the full text."""
_BEGINNING = 2
"""Characters of its beginning that a label keeps if it shows another place of the name."""
_MOST_LABELS = 5
"""Labels of columns that fit side by side."""
_BAR = 26
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML, and so lxml, refuses."""
_ORNAMENTS = ("defs", "desc", "title", etree.Comment)
_OVERLAYS = frozenset({"overlay", "text-overlay", "tooltip-overlay", "titles"})


type Series = tuple[tuple[str, tuple[int, ...]], ...]
"""CSS class of a series, and a number for each name."""


def draw_bars(rows: Sequence[tuple[str, int]], *, label: str) -> Markup:
    """Draw one bar per row, in their order from the top."""
    names, numbers = tuple(name for name, _ in rows), tuple(number for _, number in rows)
    return draw_stacked_bars(names, (("", numbers),), label=label)


@lru_cache(_CACHE_SIZE)
def draw_stacked_bars(names: tuple[str, ...], series: Series, *, label: str) -> Markup:
    """Draw one bar per name, with a segment for each series."""
    totals = [sum(numbers) for numbers in zip(*(numbers for _, numbers in series), strict=True)]
    labels = shorten_names(names)
    chart = _create_chart(
        "HorizontalStackedBar",
        **_chart_options(
            height=_BAR * len(names) + 40,
            margin_left=_EM * max(map(len, labels)) + 12,
            most=max(totals, default=0),
        ),
    )
    # pygal draws from the bottom.
    chart.x_labels = list(reversed(labels))
    for name, numbers in series:
        chart.add(name, list(reversed(numbers)))
    return _render_svg(chart, [name for name, _ in series], label)


@lru_cache(_CACHE_SIZE)
def draw_columns(rows: tuple[tuple[str, int], ...], *, label: str) -> Markup:
    """Draw one column per row, from left to right, for values over time."""
    chart = _create_chart(
        "Bar", **_chart_options(height=200, margin_left=34, most=max((n for _, n in rows), default=0))
    )
    every = math.ceil(len(rows) / _MOST_LABELS)
    # Counted from the last column, which has a label.
    chart.x_labels = [
        name if (len(rows) - 1 - number) % every == 0 else "" for number, (name, _) in enumerate(rows)
    ]
    chart.add("", [number for _, number in rows])
    return _render_svg(chart, [""], label)


@lru_cache(_CACHE_SIZE)
def draw_steps(steps: tuple[tuple[date, Decimal], ...], end: date, *, label: str) -> Markup:
    """Draw a value that holds from each day until the next, the last until ``end``, as steps."""
    values = [float(value) for _, value in steps]
    low, high = min(values), max(values)
    unit = _decimal_step((high - low) / 3 or high / 3 or 1)
    bottom, top = math.floor(low / unit) - 1, math.ceil(high / unit)
    chart = _create_chart(
        "XY",
        **(_chart_options(height=170, margin_left=52, most=0) | {"y_labels": None}),
        show_dots=False,
        range=(max(0, bottom) * unit, top * unit),
    )
    ends = [*(day for day, _ in steps[1:]), end]
    points = [
        (day.toordinal(), value)
        for (start, _), until, value in zip(steps, ends, values, strict=True)
        for day in (start, until)
    ]
    places = max(0, -math.floor(math.log10(unit)))
    chart.y_labels = [
        # The lowest label would touch the first day.
        {"value": n * unit, "label": f"{n * unit:.{places}f}" if n > max(0, bottom) else ""}
        for n in range(max(0, bottom), top + 1)
    ]
    chart.x_labels = [
        {"value": day.toordinal(), "label": f"{day:%Y-%m}"} for day in _spread([d for d, _ in steps], end)
    ]
    chart.add("", points)
    return _render_svg(chart, [""], label)


def _spread(days: Sequence[date], end: date) -> list[date]:
    """Leave out days whose labels would overlap."""
    apart = (end - days[0]) / _MOST_LABELS
    spread: list[date] = []
    for day in days:
        if not spread or day - spread[-1] >= apart:
            spread.append(day)
    return spread


def _decimal_step(least: float) -> float:
    """Return the smallest of … 0.1, 0.2, 0.5, 1, 2 … that is not less, but for rounding errors."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= least * 0.999)


def _chart_options(*, height: int, margin_left: int, most: int) -> dict[str, object]:
    step = _round_step(most / 3)
    return {
        "width": _WIDTH,
        "height": height,
        "margin": 4,
        "margin_left": margin_left,
        "margin_bottom": 28,
        "margin_right": 16,
        "spacing": 4,
        "show_legend": False,
        "css": [],
        "js": [],
        "y_labels": [step * n for n in range(math.ceil(most / step) + 1)] if most else [0, 1],
        "value_formatter": lambda value: f"{value:,.0f}",
        "x_labels_major_count": None,
        "print_values": False,
        "truncate_label": -1,
        "no_data_text": "",
    }


def _round_step(least: float) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50 … that is not less."""
    power = 10 ** max(0, math.floor(math.log10(least))) if least > 0 else 1
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= least)


def shorten_names(names: Sequence[str]) -> tuple[str, ...]:
    """Shorten names to :data:`_LONGEST` characters so that different ones still differ.

    What all begin with is left out (示例市), and a name that is still too long keeps its beginning and end.
    Those that are equal then keep the place where they differ, and get a number if that is not enough.
    """
    printed = [_UNFIT.sub("", name) for name in names]
    if any(len(name) > _LONGEST for name in printed):
        common = _count_common(printed) if len(printed) > 1 else 0
        rests = [name[common:] or name for name in printed]
        ends = (_LONGEST - 1) // 2
        printed = [
            rest if len(rest) <= _LONGEST else f"{rest[: _LONGEST - 1 - ends]}…{rest[-ends:]}"
            for rest in rests
        ]
        _show_differences(printed, rests)
    return tuple(_number_equal(names, printed))


def _show_differences(labels: list[str], names: Sequence[str]) -> None:
    """Replace equal labels of names that are too long by the beginning and the place where they differ."""
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if len(name) > _LONGEST:
            groups.setdefault(labels[place], []).append(place)
    pending = list(groups.values())
    while pending:
        group = pending.pop()
        if len({names[place] for place in group}) == 1:
            continue
        first = _count_common([names[place] for place in group])
        by_character: dict[str, list[int]] = {}
        for place in group:
            labels[place] = _show_place(names[place], first)
            by_character.setdefault(names[place][first : first + 1], []).append(place)
        pending += by_character.values()


def _show_place(name: str, place: int) -> str:
    """Shorten a name to its beginning and what follows a place; if nothing follows it, to its end."""
    beginning, length = name[:_BEGINNING], _LONGEST - _BEGINNING - 1
    rest = name[place:]
    if len(rest) > length:
        return f"{beginning}…{rest[: length - 1]}…"
    return f"{beginning}…{name[-length:]}"


def _number_equal(names: Sequence[str], labels: Sequence[str]) -> Iterator[str]:
    """Yield labels; one that another name has already is the whole name if it is short, else has a number."""
    owners: dict[str, str] = {}
    for name, label in zip(names, labels, strict=True):
        numbered = (f"{label[: _LONGEST - len(str(number))]}{number}" for number in count(2))
        whole = _UNFIT.sub("", name)
        others = (whole,) if len(whole) <= _LONGEST else ()
        choices = chain((label, *others), numbered)
        yield next(own for own in choices if owners.setdefault(own, name) == name)


def _count_common(names: Sequence[str]) -> int:
    """Count the characters with which all names begin."""
    same = (len(set(characters)) == 1 for characters in zip(*names, strict=False))
    return sum(1 for _ in takewhile(bool, same))


def _create_chart(kind: Literal["HorizontalStackedBar", "Bar", "XY"], **options: Any) -> Graph:
    import pygal  # noqa: PLC0415 - takes 0.1 s to load, for which no start waits

    chart: Graph = getattr(pygal, kind)(**options)
    return chart


def _render_svg(chart: Graph, classes: Sequence[str], label: str) -> Markup:
    root = chart.render_tree()
    for element in list(root.iter(*_ORNAMENTS)):
        element.getparent().remove(element)
    for element in list(root.iter("g")):
        words = set((element.get("class") or "").split())
        if words & _OVERLAYS:
            element.getparent().remove(element)
        elif "series" in words:
            number = next(int(word.removeprefix("serie-")) for word in words if word.startswith("serie-"))
            element.set("class", f"series {classes[number]}".strip())
    root.attrib.pop("id", None)
    root.set("class", "chart")
    root.set("role", "img")
    root.set("aria-label", _UNFIT.sub("", label))
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 - lxml escaped the text
