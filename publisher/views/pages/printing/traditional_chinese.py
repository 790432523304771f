"""Conversion of pages to traditional characters: our own phrases first, OpenCC for the rest.

OpenCC chooses the most common sense, which is often wrong for legal language: it converts 行政复议 to
行政複議, and 批复 to 批覆. Variants are those of Taiwan (為, 裡, 群), which most readers of traditional
characters know. Elements with ``translate="no"`` (citations, addresses, code) are not converted.
"""

from __future__ import annotations

import re
from functools import cache

import opencc

PHRASES = {
    "复议": "復議",
    "批复": "批復",
    "答复": "答復",
    "回复": "回復",
    "反复": "反覆",
    "复核": "復核",
    "审核": "審核",
    "核准": "核准",
    "核定": "核定",
    "核实": "核實",
    "核查": "核查",
    "核验": "核驗",
    "核发": "核發",
    "公布": "公布",
    "发布": "發布",
    "颁布": "頒布",
    "分布": "分布",
    "布告": "布告",
    "散布": "散布",
    "占用": "占用",
    "占道": "占道",
    "周期": "周期",
    "周边": "周邊",
    "台安": "台安",
    "台州": "台州",
    "平台": "平台",
    "后台": "後台",
    "台账": "台帳",
    "台风": "颱風",
    "岫岩": "岫岩",
    "家具": "家具",
    "秘书": "秘書",
    "面粉": "麵粉",
    "抚恤": "撫恤",
    "签": "簽",
    "这里": "這裡",
    "哪里": "哪裡",
    "注明": "注明",
    "游览": "遊覽",
    "制定": "制定",
    "编制": "編制",
    "管制": "管制",
    "准予": "准予",
    "征收": "徵收",
    "只是": "只是",
    "干部": "幹部",
    "里程": "里程",
    "污": "污",
}
"""Phrases of legal language that differ from OpenCC's first choice."""

_OURS = re.compile("|".join(sorted(map(re.escape, PHRASES), key=lambda p: -len(p))))
_TOKEN = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_SPOKEN_ATTRIBUTES = re.compile(r'\b(aria-label|placeholder|title|alt|data-label)="([^"]*)"')
_VOID = frozenset({"meta", "link", "br", "hr", "input", "img", "wbr", "source", "path", "rect"})
_RAW = frozenset({"script", "style", "textarea"})


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2tw")


def convert_text(simplified: str) -> str:
    """Convert a text. Its length does not change."""
    out: list[str] = []
    end = 0
    for phrase in _OURS.finditer(simplified):
        out += (_converter().convert(simplified[end : phrase.start()]), PHRASES[phrase[0]])
        end = phrase.end()
    out.append(_converter().convert(simplified[end:]))
    return "".join(out)


def convert_page(html: str) -> str:
    """Convert the visible and spoken text of a page; links and values are not converted."""
    out: list[str] = []
    literal_depth = 0  # levels inside an element that is not converted
    for token in _TOKEN.split(html):
        if not token.startswith("<"):
            out.append(token if literal_depth else convert_text(token))
            continue
        name = _NAME.match(token)
        tag = name[1].lower() if name else ""
        if tag and tag not in _VOID and not token.endswith("/>"):
            if token.startswith("</"):
                literal_depth = max(0, literal_depth - 1) if literal_depth else 0
            elif literal_depth or tag in _RAW or 'translate="no"' in token:
                literal_depth += 1
        out.append(
            token
            if literal_depth
            else _SPOKEN_ATTRIBUTES.sub(lambda m: f'{m[1]}="{convert_text(m[2])}"', token)
        )
    return "".join(out)
