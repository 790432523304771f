"""The folder of a sample site: files of others stay untouched, and an incomplete site is never served."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from publisher.sample import site_folder
from publisher.sample.site_folder import DemoError


def test_a_new_folder_is_made_and_is_not_complete_before_it_is_finished(tmp_path: Path) -> None:
    home = tmp_path / "new" / "demo"
    with site_folder.lock_folder(home):
        site_folder.begin(home, "one")
        assert not site_folder.is_complete(home, "one")
        site_folder.finish(home, "one")
        assert site_folder.is_complete(home, "one")


def test_a_sample_of_another_digest_is_not_complete(tmp_path: Path) -> None:
    site_folder.begin(tmp_path, "one")
    site_folder.finish(tmp_path, "one")
    assert not site_folder.is_complete(tmp_path, "two")


def test_what_an_interrupted_load_left_is_removed_and_other_files_stay(tmp_path: Path) -> None:
    site_folder.begin(tmp_path, "one")
    (tmp_path / "qingdan.db").write_bytes(b"half")
    (tmp_path / "qingdan.db-wal").write_bytes(b"half")
    for name in ("index", "files"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "segment").write_bytes(b"half")
    (tmp_path / "mine.txt").write_text("keep")
    site_folder.begin(tmp_path, "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", site_folder.MARK]
    assert not site_folder.is_complete(tmp_path, "one")


@pytest.mark.parametrize("name", ["qingdan.db", "index", "letter.txt"])
def test_a_folder_that_holds_something_else_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"somebody's own")
    with pytest.raises(DemoError, match="another folder"):
        site_folder.begin(tmp_path, "one")
    assert (tmp_path / name).read_bytes() == b"somebody's own"


def test_a_link_in_the_folder_is_removed_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("keep")
    home = tmp_path / "home"
    home.mkdir()
    site_folder.begin(home, "one")
    (home / "index").symlink_to(outside)
    site_folder.begin(home, "one")
    assert (outside / "kept").exists()
    assert not (home / "index").exists()


def test_a_folder_with_an_unreadable_mark_belongs_to_no_sample(tmp_path: Path) -> None:
    (tmp_path / site_folder.MARK).write_bytes(b"{")
    assert not site_folder.is_complete(tmp_path, "one")
    with pytest.raises(DemoError):
        site_folder.begin(tmp_path, "one")


def test_a_second_demo_in_the_same_folder_is_kept_out_until_the_first_ends(tmp_path: Path) -> None:
    with (
        site_folder.lock_folder(tmp_path),
        pytest.raises(DemoError, match="Another demo"),
        site_folder.lock_folder(tmp_path),
    ):
        pass
    with site_folder.lock_folder(tmp_path):
        site_folder.begin(tmp_path, "one")


def test_a_sample_that_is_removed_in_part_is_not_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site_folder.begin(tmp_path, "one")
    (tmp_path / "files").mkdir()
    site_folder.finish(tmp_path, "one")

    def kill(_path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", kill)
    with pytest.raises(KeyboardInterrupt):
        site_folder.begin(tmp_path, "two")
    assert not site_folder.is_complete(tmp_path, "one")
