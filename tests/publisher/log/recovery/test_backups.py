"""Backups, archives and ledgers that are damaged, interrupted or older than an erasure."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from publisher.log.log import Log
from publisher.log.model import LogError, Part
from publisher.log.recovery import manifest as manifests
from publisher.log.recovery import repeated_erasure, restoration
from publisher.log.transparency import erasure_ledger
from publisher.log.transparency.erasure_ledger import LedgerEntry
from publisher.log.transparency.key_files import KeyFiles
from publisher.views.exports.log_archive import log_archive_writer
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.log import catalogue, entry, fees_dataset, ids, release


@pytest.fixture
def own(tmp_path: Path, clock: Clock) -> Iterator[Log]:
    """Site with a key, one release, and one backup in ``backups``."""
    home = tmp_path / "home"
    log = Log.open(sqlite.new(home / "qingdan.db"), sources=home / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    log.keys.create()
    release(log, entry("甲"), entry("乙", "2"), actor="张三")
    log.recovery.back_up(home, tmp_path / "backups")
    yield log
    log.close()


def restore(folder: Path, *notes: str, name: str | None = None) -> Log:
    home = folder / "new"
    url = f"sqlite:///{home}/qingdan.db"
    restoration.restore(folder / "backups", url=url, home=home, notes=notes, name=name)
    return Log.open(url, sources=home / "sources")


def write_archive(log: Log, file: Path, **replaced: bytes) -> Path:
    """Write ``log.zip`` with other bytes for the files whose names begin so."""
    whole = file.with_suffix(".whole")
    log_archive_writer(log, with_actors=False)(whole)
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(file, "w") as damaged:
        for name in archive.namelist():
            texts = (text for start, text in replaced.items() if name.startswith(start))
            damaged.writestr(name, next(texts, archive.read(name)))
    return file


@pytest.mark.parametrize("damage", ["openings", "revisions", "checkpoint"])
@pytest.mark.parametrize("text", [b'{"x', b'{"a": 1}', b"\xff"])
def test_a_damaged_archive_is_refused_and_no_fault_of_the_program(
    own: Log, tmp_path: Path, damage: str, text: bytes
) -> None:
    own.datasets.add_part("fees", Part("新部门"))
    restored = restore(tmp_path, own.proofs.checkpoint() or "")
    with pytest.raises(LogError, match="The archive failed its verification"):
        restored.recovery.complete(
            write_archive(own, tmp_path / "log.zip", **{damage: text}), lambda *_: None
        )
    assert restored.recovery.missing_entries() == 1
    restored.close()


def test_the_catalogue_of_a_dataset_without_a_release_is_checked_too(own: Log, tmp_path: Path) -> None:
    other = catalogue(running=True)
    own.datasets.create(fees_dataset("others")[0], other)
    restored = restore(tmp_path, own.proofs.checkpoint() or "")
    file = f"catalogues/{other.digest}.json"
    archive = write_archive(own, tmp_path / "log.zip", **{file: other.source.encode() + b" "})
    with pytest.raises(LogError, match="was changed"):
        restored.recovery.complete(archive, lambda *_: None)
    restored.close()


def test_a_log_is_not_complete_while_an_erasure_is_missing(own: Log, tmp_path: Path) -> None:
    ledger = tmp_path / "backups" / erasure_ledger.NAME
    erasure_ledger.update_ledger(ledger, [LedgerEntry("fees", ids(own)["甲"])])
    restored = restore(tmp_path)
    assert restored.recovery.missing_entries() == 0
    restored.recovery.complete(write_archive(own, tmp_path / "log.zip"), lambda *_: None)
    assert any("entries of an erasure are missing" in one for one in restored.integrity.verify().problems)
    with pytest.raises(LogError, match="lacks entries of an erasure"):
        restored.datasets.add_part("fees", Part("新部门"))
    restored.recovery.succeed("删除未随备份保存")
    assert restored.integrity.verify().ok
    restored.close()


def test_a_damaged_manifest_of_another_backup_is_named_before_anything_is_written(
    own: Log, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    own.recovery.back_up(tmp_path / "home", folder)
    first, last = manifests.list_backups(folder)
    (last / manifests.NAME).write_bytes(b"{")
    with pytest.raises(LogError, match="Move that backup elsewhere") as error:
        restore(tmp_path, name=first.name)
    assert str(last) in error.value.en
    assert not (tmp_path / "new").exists()
    shutil.move(last, tmp_path / "elsewhere")
    restore(tmp_path, name=first.name).close()


def test_a_file_that_is_no_list_of_erasures_is_named(own: Log, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("no list", encoding="utf-8")
    home = tmp_path / "new"
    with pytest.raises(LogError, match="is not a list of erasures") as error:
        restoration.restore(
            tmp_path / "backups", url=f"sqlite:///{home}/qingdan.db", home=home, ledgers=(file,)
        )
    assert str(file) in error.value.en


def test_a_dump_from_before_the_erasure_of_a_name_is_reported(own: Log, tmp_path: Path) -> None:
    (backup,) = manifests.list_backups(tmp_path / "backups")
    manifest = manifests.read_manifest(backup)
    assert not repeated_erasure._erased_since(own._session, manifest)
    own.releases.erase_actor("张三", ground="个人信息保护法第四十七条")
    assert repeated_erasure._erased_since(own._session, manifest)


@pytest.mark.parametrize("name", [manifests.NAME, "qingdan.db"])
def test_a_damaged_backup_keeps_no_other_from_forgetting(own: Log, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "backups"
    own.recovery.back_up(tmp_path / "home", folder)
    _, damaged = manifests.list_backups(folder)
    (damaged / name).write_bytes(b"{" * 9_000)
    own.releases.erase(records=[("fees", ids(own)["甲"])], ground="判决")
    assert own.recovery.forget_erased(folder, lambda *_: False) == (1, [damaged])
    assert list(folder.glob(".part-*")) == []
    assert list((folder / "sources").glob("*/*")), "what it refers to is not known"
    shutil.rmtree(damaged)
    assert own.recovery.forget_erased(folder, lambda *_: False) == (0, [])
    assert list((folder / "sources").glob("*/*")) == []


def test_backups_forget_what_lies_besides_a_log_that_had_forgotten_already(own: Log, tmp_path: Path) -> None:
    folder, record = tmp_path / "backups", ids(own)["甲"]
    own.releases.erase(records=[("fees", record)], ground="判决")
    shutil.rmtree(folder)
    own.recovery.back_up(tmp_path / "home", folder, copy_besides=write_letter)
    assert own.recovery.forget_erased(folder, delete_letter) == (1, [])
    assert [letter.read_text() for letter in folder.rglob("letter")] == [""]
    assert own.recovery.forget_erased(folder, delete_letter) == (0, [])


def write_letter(site: Path) -> None:
    site.mkdir(exist_ok=True)
    (site / "letter").write_text("quotes what was erased", encoding="utf-8")


def delete_letter(site: Path, records: Sequence[tuple[str, str]]) -> bool:
    letter = site / "letter"
    if not records or not letter.exists() or not letter.read_text(encoding="utf-8"):
        return False
    letter.write_text("", encoding="utf-8")
    return True


def test_a_backup_that_is_half_deleted_is_deleted_by_the_next_command(
    own: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"

    def kill(path: Path) -> None:
        (path / manifests.NAME).unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", kill)
        with pytest.raises(KeyboardInterrupt):
            own.recovery.back_up(tmp_path / "home", folder, keep=1)
    assert len(list(folder.rglob("qingdan.db"))) == 2
    own.recovery.forget_erased(folder, lambda *_: False)
    assert len(list(folder.rglob("qingdan.db"))) == 1


def test_erasures_of_several_processes_are_all_in_the_ledger(tmp_path: Path) -> None:
    ledger = tmp_path / erasure_ledger.NAME

    def erase(number: int) -> None:
        erasure_ledger.update_ledger(ledger, [LedgerEntry("fees", f"r{number}")])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(erase, range(40)))
    assert {one.record for one in erasure_ledger.read_ledger(ledger)} == {f"r{n}" for n in range(40)}
    assert [path.name for path in tmp_path.iterdir()] == [erasure_ledger.NAME]


def test_what_is_called_durable_has_a_durable_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: set[str] = set()
    sync = os.fsync

    def note(handle: int) -> None:
        synced.add(str(Path(f"/proc/self/fd/{handle}").readlink()))
        sync(handle)

    monkeypatch.setattr(os, "fsync", note)
    KeyFiles(tmp_path / "keys").create("data.example.gov.cn/log")
    assert {str(tmp_path), str(tmp_path / "keys")} <= synced
    synced.clear()
    erasure_ledger.update_ledger(tmp_path / erasure_ledger.NAME, [LedgerEntry("fees", "r")])
    assert str(tmp_path) in synced
