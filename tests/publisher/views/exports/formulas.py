"""Texts that spreadsheets would run, and a check of a cell that shares no code with the guard."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from hypothesis import strategies as st

INVISIBLE = (
    " \t\r\n\x00\x0b\x7f\x85\xa0\xad\u1680\u200b\u200e\u2028\u202e\u2060\u3000\u3164\ufe0f\ufeff\ufffe"
)
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫"
FORMULAS = st.builds(
    "".join,
    st.tuples(
        st.text(INVISIBLE, max_size=3),
        st.sampled_from(SIGNS),
        st.sampled_from(
            ("1+1", "SUM(A1)", 'HYPERLINK("http://evil.example","点我"),\n第二行', "cmd|' /C calc'!A0", "")
        ),
    ),
)
TEXTS = st.one_of(FORMULAS, st.text(INVISIBLE + SIGNS + "甲1'\",;", max_size=8), st.text(max_size=8))


def is_formula(cell: str) -> bool:
    """Return whether a program may interpret the cell of a CSV file as a formula."""
    invisible = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs")
    visible = [c for c in cell if unicodedata.category(c) not in invisible and c not in INVISIBLE]
    sign = unicodedata.normalize("NFKC", visible[0]) if visible else ""
    return cell[:1] in ("\t", "\r", "\n") or sign in ("=", "+", "-", "@")


def any_formula(rows: Iterable[Iterable[str]]) -> bool:
    return any(is_formula(cell) for row in rows for cell in row)
