"""Marks of Chinese on English pages (WCAG 3.1.2), so that a screen reader changes its voice.

A run of Chinese in a text gets an element with ``lang``; elements that hold text alone, such as options and
the texts of a chart, get the attribute themselves.
"""

from __future__ import annotations

import re

from search.chinese.analyzer import HAN

_TOKEN = re.compile(r"(<!--.*?-->|<[^>]*>)", re.DOTALL)
_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_CHINESE = re.compile(rf"[“《（]?[{HAN}](?:[^<&]*[{HAN})）》”。；：！？])?")
"""From the first Chinese character of a text to the last, with the marks around it."""
_LANG = re.compile(r"""\slang=["']?(zh|en)""")
RAW = frozenset({"script", "style", "textarea"})
_TEXT_ONLY = frozenset({"title", "option", "text", "tspan", "desc"})
VOID = frozenset(
    {"meta", "link", "br", "hr", "input", "img", "wbr", "source", "path", "rect", "line", "circle"}
)


def mark_chinese(html: str) -> str:
    """Mark the Chinese of a page that is in English."""
    tokens = _TOKEN.split(html)
    skipped: list[str] = []  # open elements inside one that is raw, or is marked as Chinese already
    for place, token in enumerate(tokens):
        if not token.startswith("<"):
            if token and not skipped and _CHINESE.search(token):
                _mark_text(tokens, place)
            continue
        match = _NAME.match(token)
        if match is None:
            continue
        name = match[2].lower()
        if name in VOID or token.endswith("/>"):
            continue
        if match[1]:
            if skipped and skipped[-1] == name:
                skipped.pop()
        elif skipped or name in RAW or _is_chinese(token):
            skipped.append(name)
    return "".join(tokens)


def _is_chinese(tag: str) -> bool:
    lang = _LANG.search(tag)
    return lang is not None and lang[1] == "zh"


def _mark_text(tokens: list[str], place: int) -> None:
    tag = tokens[place - 1] if place else ""
    match = _NAME.match(tag)
    if match and not match[1] and match[2].lower() in _TEXT_ONLY:
        tokens[place - 1] = re.sub(r"(/?>)$", r' lang="zh"\1', tag)
        return
    tokens[place] = _CHINESE.sub(lambda run: f'<span lang="zh">{run[0]}</span>', tokens[place])
