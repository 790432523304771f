"""Charts as SVG, drawn by pygal without its styles and scripts. The style sheet has the colours.

A table next to the chart has the same numbers, so the chart is a single image for screen readers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import pygal
from lxml import etree
from markupsafe import Markup

_CACHE_SIZE = 256
"""Number of cached charts: one takes milliseconds to draw, and lists change rarely."""
_WIDTH = 360
_EM = 13
"""Font size of the labels in units of the drawing, which is also the width of a Han character."""
_LONGEST = 9
"""Maximum length of a label, in characters. The table has the full text."""
_BAR = 26
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
    chart = pygal.HorizontalStackedBar(
        **_chart_options(
            height=_BAR * len(names) + 40,
            margin_left=_EM * max(len(_short(name)) for name in names) + 12,
            most=max(totals, default=0),
        )
    )
    # pygal draws from the bottom.
    chart.x_labels = [_short(name) for name in reversed(names)]
    for name, numbers in series:
        chart.add(name, list(reversed(numbers)))
    return _render_svg(chart, [name for name, _ in series], label)


@lru_cache(_CACHE_SIZE)
def draw_columns(rows: tuple[tuple[str, int], ...], *, label: str) -> Markup:
    """Draw one column per row, from left to right, for values over time."""
    chart = pygal.Bar(**_chart_options(height=200, margin_left=34, most=max((n for _, n in rows), default=0)))
    chart.x_labels = [name for name, _ in rows]
    chart.add("", [number for _, number in rows])
    return _render_svg(chart, [""], label)


def _chart_options(*, height: int, margin_left: int, most: int) -> dict[str, object]:
    step = max(1, math.ceil(most / 3))
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
        "y_labels": list(range(0, step * 3 + 1, step)) if most else [0, 1],
        "value_formatter": lambda value: f"{value:,.0f}",
        "x_labels_major_count": None,
        "print_values": False,
        "no_data_text": "",
    }


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _render_svg(chart: pygal.graph.graph.Graph, classes: Sequence[str], label: str) -> Markup:
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
    root.set("aria-label", label)
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 - lxml escaped the text
