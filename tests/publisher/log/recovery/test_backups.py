"""Backups, archives and ledgers that are damaged, interrupted or older than an erasure."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import select

from publisher.log.clocks import utc_now
from publisher.log.database import tables as t
from publisher.log.log import Log
from publisher.log.model import LogError, Part
from publisher.log.recovery import backup as backups
from publisher.log.recovery import manifest as manifests
from publisher.log.recovery import repeated_erasure, restoration
from publisher.log.transparency import erasure_ledger, signed_note
from publisher.log.transparency.erasure_ledger import LedgerEntry
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.verification.integrity import Scope
from publisher.views.exports.log_archive import log_archive_writer
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.log import MIDDLE, catalogue, entry, fees_dataset, ids, release, stage


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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("known", ["note", "origin", "time"])
def test_a_successor_is_restored_from_its_backups_among_those_of_the_lost_log(
    own: Log, tmp_path: Path, known: str
) -> None:
    """A backup with entries that a succession gave up is known by its note, its origin or its time."""
    folder, kept = tmp_path / "backups", own.proofs.checkpoint() or ""
    for n in range(2, 9):
        release(own, entry("甲"), entry("乙", str(n + 1)))
    own.recovery.back_up(tmp_path / "home", folder)
    lost = own.proofs.checkpoint() or ""
    first, second = manifests.list_backups(folder)
    for backup in (first, second):
        manifest = manifests.read_manifest(backup)
        if known != "note":
            manifest = structs.replace(manifest, checkpoint=structs.replace(manifest.checkpoint, note=None))
        if known == "time":
            manifest = structs.replace(manifest, origin="")
        (backup / manifests.NAME).write_bytes(msgspec.json.encode(manifest))
    successor = restore(tmp_path, lost, name=first.name)
    assert successor.recovery.missing_entries() == 7
    shutil.copytree(tmp_path / "home" / "keys", tmp_path / "new" / "keys")
    successor.recovery.succeed("无人保存")
    successor.recovery.back_up(tmp_path / "new", folder)
    restorations = []
    for n in range(2):
        newest = manifests.list_backups(folder)[-1]
        home = tmp_path / f"again{n}"
        url = f"sqlite:///{home}/qingdan.db"
        restorations.append(restoration.restore(folder, url=url, home=home, notes=(kept, lost)))
        assert (restorations[-1].backup, restorations[-1].missing) == (newest, 0)
        for standard in range(5, 15):  # the successor becomes longer than the lost log
            release(successor, entry("甲"), entry("乙", str(standard)))
        successor.recovery.back_up(tmp_path / "new", folder)
    restored = restoration.restore(
        folder,
        url=f"sqlite:///{tmp_path}/older/qingdan.db",
        home=tmp_path / "older",
        name=restorations[-1].backup.name,
    )
    assert restored.missing == 10  # of the successor
    successor.close()


def used_numbers(log: Log) -> set[int]:
    with log._session.read() as conn:
        return set(conn.scalars(select(t.release.c.number)))


def used_changes(log: Log) -> set[int]:
    with log._session.read() as conn:
        return set(conn.scalars(select(t.change.c.sequence)))


@pytest.mark.slow
def test_a_log_that_is_given_up_for_the_second_time_uses_no_name_and_no_number_again(
    own: Log, tmp_path: Path
) -> None:
    """From one backup two successors begin; of the first one, only checkpoints are left."""
    folder, keys = tmp_path / "backups", tmp_path / "home" / "keys"
    for n in range(3, 9):
        release(own, entry("甲"), entry("乙", str(n)))
    own.recovery.back_up(tmp_path / "home", folder)
    first, _ = manifests.list_backups(folder)
    numbers, changes = [used_numbers(own)], [used_changes(own)]
    notes = [own.proofs.checkpoint() or ""]
    for n in range(2):
        home = tmp_path / f"again{n}"
        url = f"sqlite:///{home}/qingdan.db"
        report = restoration.restore(folder, url=url, home=home, name=first.name, notes=notes, keys=keys)
        successor = Log.open(url, sources=home / "sources")
        assert report.missing == (6, 4)[n]  # of the newest successor, although it is shorter
        successor.recovery.succeed("无人保存")
        for standard in range(5, 7):
            release(successor, entry("甲"), entry("乙", str(standard)))
        note = successor.proofs.checkpoint() or ""
        assert note.startswith(f"data.example.gov.cn/log-{n + 2}\n")
        numbers.append(used_numbers(successor) - {1})
        changes.append({change for change in used_changes(successor) if change > 2})
        assert successor.integrity.verify(Scope(checkpoint=note)).problems == ()
        for lost in notes:
            (problem,) = successor.integrity.verify(Scope(checkpoint=lost)).problems
            assert "entries that were lost before the succession" in problem
        archive = write_archive(successor, tmp_path / f"{n}.zip")
        home, notes = tmp_path / f"completed{n}", [*notes, note]
        url = f"sqlite:///{home}/qingdan.db"
        restoration.restore(folder, url=url, home=home, name=first.name, notes=notes)
        completed = Log.open(url, sources=home / "sources")
        assert completed.recovery.complete(archive, lambda *_: None).missing == 0
        assert completed.proofs.origin() == successor.proofs.origin()
        completed.datasets.add_part("fees", Part("新部门"))  # it can be written again
        completed.close()
        successor.close()
    for used in (numbers, changes):
        assert len(set().union(*used)) == sum(map(len, used)), used


@pytest.mark.slow
def test_a_checkpoint_that_was_kept_before_a_succession_is_valid(own: Log, tmp_path: Path) -> None:
    kept = own.proofs.checkpoint() or ""
    release(own, entry("甲"), entry("乙", "3"))
    lost = own.proofs.checkpoint() or ""
    successor = restore(tmp_path, lost)
    shutil.copytree(tmp_path / "home" / "keys", tmp_path / "new" / "keys")
    successor.recovery.succeed("无人保存")
    release(successor, entry("甲"), entry("乙", "4"))
    own_note = successor.proofs.checkpoint() or ""
    # The number before is that of a lost release.
    newest = successor.queries.releases("fees")[-1].number
    assert newest - 1 not in used_numbers(successor)
    assert "standard" in successor.queries.catalogue_of_changes("fees", newest).by_name
    for note in (kept, own_note):
        assert successor.integrity.verify(Scope(checkpoint=note)).problems == ()
    (problem,) = successor.integrity.verify(Scope(checkpoint=lost)).problems
    assert "entries that were lost before the succession" in problem
    (problem,) = successor.integrity.verify(Scope(checkpoint=kept.replace("data.", "other.", 1))).problems
    assert "it is of other.example.gov.cn/log, not of data.example.gov.cn/log" in problem
    assert "rebuilt" not in problem
    # A key that was replaced signs nothing any more.
    text, _ = signed_note.parse_note(own_note)
    old, _ = (key.key for key in successor.keys.all())
    forged = signed_note.format_note(text, [own._session.keys.sign(old, text)])
    (problem,) = successor.integrity.verify(Scope(checkpoint=forged)).problems
    assert "has not signed it" in problem
    successor.close()


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
    assert not repeated_erasure._erased_since(own._session, manifest, ())
    own.releases.erase_actor("张三", ground="个人信息保护法第四十七条")
    assert repeated_erasure._erased_since(own._session, manifest, ())


@pytest.mark.slow
@pytest.mark.parametrize("erased", ["before", "lost", "after", None])
def test_a_dump_of_a_lost_log_that_has_what_was_erased_is_named(
    own: Log, tmp_path: Path, erased: str | None
) -> None:
    """Positions of the successor are those of lost entries: they do not tell what came after the dump."""
    folder, names = tmp_path / "backups", ids(own)
    if erased == "before":
        own.releases.erase(records=[("fees", names["甲"])], ground="判决")
        own.recovery.back_up(tmp_path / "home", folder)
    for standard in range(5, 15):
        stage(own, entry("乙", str(standard)), entry("丙"), partial=True)
        own.releases.publish("fees", effective_on=MIDDLE)
    own.recovery.back_up(tmp_path / "home", folder)
    *_, first, dump = manifests.list_backups(folder)
    if erased == "lost":  # the successor has no such record
        own.releases.erase(records=[("fees", ids(own)["丙"])], ground="判决")
    successor = restore(tmp_path, own.proofs.checkpoint() or "", name=first.name)
    successor.recovery.succeed("无人保存")
    if erased == "after":
        successor.releases.erase(records=[("fees", names["甲"])], ground="判决")
    manifest = structs.replace(manifests.read_manifest(dump), kind="postgresql")
    (dump / manifests.NAME).write_bytes(msgspec.json.encode(manifest))
    named = [dump] if erased in ("lost", "after") else []
    backups.update_ledger(own._session, folder)
    successor.recovery.back_up(tmp_path / "new", folder)
    later = manifests.list_backups(folder)[-1]
    manifest = structs.replace(manifests.read_manifest(later), kind="postgresql")
    (later / manifests.NAME).write_bytes(msgspec.json.encode(manifest))
    assert successor.recovery.forget_erased(folder, lambda *_: False)[1] == named
    successor.close()


@pytest.mark.slow
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


def test_the_first_release_after_a_succession_is_not_cancelled_if_it_is_a_migration(
    own: Log, tmp_path: Path
) -> None:
    release(own, entry("甲"), entry("乙", "3"))
    successor = restore(tmp_path, own.proofs.checkpoint() or "")
    shutil.copytree(tmp_path / "home" / "keys", tmp_path / "new" / "keys")
    successor.recovery.succeed("无人保存")
    later = utc_now().date() + timedelta(days=30)
    without_place = catalogue(identity=["name"])
    migrated = successor.releases.migrate("fees", without_place, reason="x", effective_on=later)
    with pytest.raises(LogError, match="was migrated since"):
        successor.releases.check_cancellation("fees", migrated.number)
    successor.close()
