"""Cursors are authentic: what was forged or damaged is refused."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.web.page_cursor import Cursor, CursorCodec
from publisher.web.problems import ProblemError

CODEC = CursorCodec(b"k" * 32)
CURSOR = Cursor(
    "digest", ("甲", 3, 2.5, None), 7, date(2016, 1, 4), datetime(2016, 1, 4, 8, tzinfo=UTC), "inner", "食品"
)


def test_a_cursor_survives_the_round_trip() -> None:
    text = CODEC.encode(CURSOR)
    assert CODEC.decode(text, "digest") == CURSOR
    assert CODEC.decode_optional(None, "digest") is None
    with pytest.raises(ProblemError):
        CODEC.decode(text, "another query")


@pytest.mark.parametrize("total", [2**63, -1, 10**30])
def test_a_forged_cursor_is_refused(total: int) -> None:
    content = msgspec.json.encode(msgspec.structs.replace(CURSOR, total=total))
    for code in (b"", b"\x00" * 12):
        with pytest.raises(ProblemError):
            CODEC.decode(base64.urlsafe_b64encode(code + content).decode().rstrip("="), "digest")
    with pytest.raises(ProblemError):
        CODEC.decode(CursorCodec(b"x" * 32).encode(CURSOR), "digest")


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_cursor_with_a_changed_byte_is_refused(position: int, difference: int) -> None:
    text = CODEC.encode(CURSOR)
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[position % len(raw)] ^= difference
    with pytest.raises(ProblemError):
        CODEC.decode(base64.urlsafe_b64encode(raw).decode().rstrip("="), "digest")


@given(st.text())
def test_any_text_is_refused_and_never_an_error(text: str) -> None:
    with pytest.raises(ProblemError):
        CODEC.decode(text, "digest")
