"""The key that processes share: private, checked, and replaced where it is damaged."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.log.model import LogError
from publisher.mac_key import read_key, read_or_create_key, read_or_replace_key


def test_the_key_is_shared_private_and_may_be_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "cursor.key"
    key = read_or_create_key(path)
    assert read_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["cursor.key"]
    path.unlink()
    assert read_or_create_key(path) != key


def test_what_a_killed_process_with_the_same_id_left_is_not_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "cursor.key"
    path.with_name(f".{path.name}.{os.getpid()}").write_bytes(b"half")
    assert read_or_create_key(path) == read_or_create_key(path)


def test_without_a_place_for_the_key_it_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    path = tmp_path / "absent" / "cursor.key"
    assert len(read_or_replace_key(path)) == 32
    with pytest.raises(FileNotFoundError):  # the desk does not seal with a key that is lost
        read_or_create_key(path)


def test_an_old_key_gets_its_checksum_and_a_damaged_one_is_refused_unless_it_costs_little(
    tmp_path: Path,
) -> None:
    path = tmp_path / "cursor.key"
    path.write_bytes(bytes(range(32)))  # as earlier versions wrote it
    key = read_or_create_key(path)
    assert (key, len(path.read_bytes())) == (bytes(range(32)), 40)
    assert read_key(path) == key
    for position in range(40):
        damaged = bytearray(key + path.read_bytes()[32:])
        damaged[position] ^= 1
        path.with_name("damaged").write_bytes(damaged)
        with pytest.raises(LogError, match="damaged"):
            read_key(path.with_name("damaged"))
    path.write_bytes(bytes(40))
    with pytest.raises(LogError, match=r"cursor\.key.*damaged.*backup"):
        read_or_create_key(path)
    assert path.read_bytes() == bytes(40)
    new_key = read_or_replace_key(path)
    assert new_key not in (key, bytes(32))
    assert read_or_create_key(path) == new_key


@pytest.mark.parametrize("read", [read_or_create_key, read_or_replace_key])
def test_what_cannot_be_read_is_never_overwritten(tmp_path: Path, read: Callable[[Path], bytes]) -> None:
    """A folder in its place cannot be read even by root, for whom permissions do not count."""
    path = tmp_path / "desk.key"
    path.mkdir()
    with pytest.raises(LogError, match=r"desk\.key.*cannot be read"):
        read(path)
    assert path.is_dir()
