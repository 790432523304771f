"""Level and place of the body that issued a document, from the 机关代字 of its number.

The table ``schemas/data/issuing_codes.tsv`` states what is certain. A code that it does not contain, or that
bodies of several places use (青政发: 青海 and 青岛), is ``查``: somebody has to look it up. Nothing is
derived from the characters of a code.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, cast

import msgspec

type IssuerLevel = Literal["国家级", "省级", "设区的市级", "县级", "查"]
type Maker = Literal["国务院", "政府", "财政", "价格", "部门", "查"]

UNKNOWN: Literal["查"] = "查"
"""Level or maker that somebody has to look up."""
_RATE = "标准"
"""Remark in the table: the documents only fix rates."""


class Issuer(msgspec.Struct, frozen=True):
    """The body behind a code. ``division``: code of GB/T 2260; empty for the nation, or if not known."""

    level: IssuerLevel = UNKNOWN
    division: str = ""
    maker: Maker = UNKNOWN
    """The kind of body that makes its documents."""
    rates_only: bool = False
    """Its documents fix rates of charges, and create none."""


def find_issuer(code: str) -> Issuer:
    """Return what is known of a 机关代字."""
    return _load_table().get("".join(code.split()), Issuer())


def has_code(code: str) -> bool:
    """Test for a 机关代字 of the table."""
    return code in _load_table()


@cache
def _load_table() -> Mapping[str, Issuer]:
    lines = (files("schemas") / "data" / "issuing_codes.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines[1:])
    return {
        code: Issuer(cast("IssuerLevel", level), division, cast("Maker", maker), remark == _RATE)
        for code, level, division, maker, remark in rows
    }
