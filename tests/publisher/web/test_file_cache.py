"""The cache of generated files, with several threads that generate and delete at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from publisher.web.file_cache import _MAX_PASSING, FileCache, FileKey


def write(path: Path) -> None:
    path.write_text("x")


@pytest.mark.parametrize("digest", [b"", b"\xff\xfe", b"2Jq+"])
def test_a_file_without_a_sound_digest_is_generated_again(tmp_path: Path, digest: bytes) -> None:
    """A power cut can leave names without bytes."""
    cache, key = FileCache(tmp_path), FileKey(("first",), "csv", permanent=True)
    path = cache.generate(key, write).path
    path.write_bytes(b"")
    path.with_name(f"{path.name}.sha256").write_bytes(digest)
    assert cache.find(key) is None
    assert cache.generate(key, write).path.read_text() == "x"
    assert cache.find(key) is not None


def test_a_new_version_of_the_program_serves_no_file_of_the_old_one(tmp_path: Path) -> None:
    key = FileKey(("compare",), "csv")
    FileCache(tmp_path, "1.0").generate(key, write)
    assert FileCache(tmp_path, "1.0").find(key) is not None
    assert FileCache(tmp_path, "1.1").find(key) is None


@pytest.mark.slow
def test_threads_that_clear_up_at_once_do_not_stumble_over_each_other(tmp_path: Path) -> None:
    cache = FileCache(tmp_path)
    cache.generate(FileKey(("first",), "csv"), write)

    def generate(number: int) -> None:
        cache.generate(FileKey((number,), "csv"), write)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(generate, range(600)))  # raises what a thread raised
    kept = [path for path in (tmp_path / "passing").iterdir() if path.suffix == ".csv"]
    assert len(kept) <= _MAX_PASSING + 8
