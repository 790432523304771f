"""The programs of PostgreSQL that dump and restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.log.recovery.postgresql_dump import find_newest


@pytest.mark.parametrize(
    ("versions", "newest"),
    [
        (("9.6", "17", "16"), "17"),
        (("9.6", "9.10"), "9.10"),
        (("9.6", "common"), "9.6"),
        (("common", "17~beta"), None),
        ((), None),
    ],
)
def test_the_newest_version_is_found_also_beside_versions_of_two_numbers(
    tmp_path: Path, versions: tuple[str, ...], newest: str | None
) -> None:
    for version in versions:
        program = tmp_path / version / "bin" / "pg_dump"
        program.parent.mkdir(parents=True)
        program.touch()
    assert find_newest("pg_dump", tmp_path) == (newest and tmp_path / newest / "bin" / "pg_dump")
