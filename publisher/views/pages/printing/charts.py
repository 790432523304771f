"""Charts as SVG by pygal, without the styles and scripts that it adds: colours are in the style sheet.

A chart only shows what a table beside it says, so it is one picture to who cannot see it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import pygal
from lxml import etree
from markupsafe import Markup

_KEPT = 256
"""Drawings that are kept: one takes milliseconds, and lists change seldom."""
_WIDTH = 360
_EM = 13
"""Size of the labels in units of the drawing; Han characters are as wide."""
_LONGEST = 9
"""Characters of a label; the table beside has the whole."""
_BAR = 26
_ORNAMENTS = ("defs", "desc", "title", etree.Comment)
_OVERLAYS = frozenset({"overlay", "text-overlay", "tooltip-overlay", "titles"})


type Series = tuple[tuple[str, tuple[int, ...]], ...]
"""Class of a colour, and a number for each name."""


def bars(rows: Sequence[tuple[str, int]], *, label: str) -> Markup:
    """One bar a row, in their order from above."""
    names, numbers = tuple(name for name, _ in rows), tuple(number for _, number in rows)
    return stacked(names, (("", numbers),), label=label)


@lru_cache(_KEPT)
def stacked(names: tuple[str, ...], series: Series, *, label: str) -> Markup:
    """One bar a name, of a piece for each series."""
    totals = [sum(numbers) for numbers in zip(*(numbers for _, numbers in series), strict=True)]
    chart = pygal.HorizontalStackedBar(
        **_plain(
            height=_BAR * len(names) + 40,
            left=_EM * max(len(_short(name)) for name in names) + 12,
            most=max(totals, default=0),
        )
    )
    # pygal draws from below.
    chart.x_labels = [_short(name) for name in reversed(names)]
    for name, numbers in series:
        chart.add(name, list(reversed(numbers)))
    return _drawn(chart, [name for name, _ in series], label)


@lru_cache(_KEPT)
def columns(rows: tuple[tuple[str, int], ...], *, label: str) -> Markup:
    """One column a row, from left to right: for what goes with time."""
    chart = pygal.Bar(**_plain(height=200, left=34, most=max((n for _, n in rows), default=0)))
    chart.x_labels = [name for name, _ in rows]
    chart.add("", [number for _, number in rows])
    return _drawn(chart, [""], label)


def _plain(*, height: int, left: int, most: int) -> dict[str, object]:
    step = max(1, math.ceil(most / 3))
    return {
        "width": _WIDTH,
        "height": height,
        "margin": 4,
        "margin_left": left,
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


def _drawn(chart: pygal.graph.graph.Graph, classes: Sequence[str], label: str) -> Markup:
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
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704 - lxml escaped what is text
