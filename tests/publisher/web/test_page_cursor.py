"""Cursors: authenticity, and the key that processes share."""

from __future__ import annotations

import base64
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.web.page_cursor import Cursor, CursorCodec, read_key, read_or_create_key
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


def test_the_key_is_shared_private_and_may_be_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "cursor.key"
    key = read_or_create_key(path)
    assert read_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["cursor.key"]
    path.unlink()
    assert read_or_create_key(path) != key


def test_without_a_place_for_the_key_it_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    assert len(read_or_create_key(tmp_path / "absent" / "cursor.key")) == 32


def test_a_damaged_key_is_recognised_and_replaced_and_an_old_one_gets_its_checksum(tmp_path: Path) -> None:
    path = tmp_path / "cursor.key"
    path.write_bytes(bytes(range(32)))  # as earlier versions wrote it
    key = read_or_create_key(path)
    assert (key, len(path.read_bytes())) == (bytes(range(32)), 40)
    assert read_key(path) == key
    for position in range(40):
        damaged = bytearray(key + path.read_bytes()[32:])
        damaged[position] ^= 1
        path.with_name("damaged").write_bytes(damaged)
        assert read_key(path.with_name("damaged")) is None
    path.write_bytes(bytes(40))
    new_key = read_or_create_key(path)
    assert new_key not in (key, bytes(32))
    assert read_or_create_key(path) == new_key
