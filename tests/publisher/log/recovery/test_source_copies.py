"""A source that is missing or damaged is named, and stops neither a backup nor a restoration."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from publisher.log.blob_store import digest_of
from publisher.log.log import Log
from publisher.log.recovery import backup as backups
from publisher.log.recovery import restoration
from publisher.log.recovery.restoration import RestorationReport
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.command import Home, item, xlsx
from tests.support.log import EARLY, entry, fees_dataset, ids, put_workbook, release, stage


@pytest.fixture
def site(tmp_path: Path, clock: Clock) -> Iterator[Log]:
    home = tmp_path / "home"
    log = Log.open(sqlite.new(home / "qingdan.db"), sources=home / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    release(log, entry("甲"), entry("乙", "2"))
    yield log
    log.close()


def source_file(folder: Path, text: str) -> Path:
    digest = digest_of(text.encode())
    return folder / "sources" / digest[:2] / digest[2:]


def publish_files(log: Log, texts: Sequence[str]) -> None:
    for standard, text in enumerate(texts, start=3):
        stage(log, entry("甲"), entry("乙", str(standard)), file=text)
        log.releases.publish("fees", effective_on=EARLY)


def restore(folder: Path) -> RestorationReport:
    home = folder / "new"
    return restoration.restore(folder / "backups", url=f"sqlite:///{home}/qingdan.db", home=home)


def test_a_backup_has_all_other_sources_and_those_that_are_imported_again(site: Log, tmp_path: Path) -> None:
    home, folder, texts = tmp_path / "home", tmp_path / "backups", ("一", "二", "三", "四")
    publish_files(site, texts)
    source_file(home, "一").unlink()
    source_file(home, "二").write_bytes(b"changed")
    source_file(home, "三").unlink()
    source_file(home, "三").mkdir()  # it cannot be read
    report = site.recovery.back_up(home, folder)
    assert {(one.digest, one.name, one.fault) for one in report.not_copied} == {
        (digest_of("一".encode()), "一.xls", "missing"),
        (digest_of("二".encode()), "二.xls", "damaged"),
        (digest_of("三".encode()), "三.xls", "damaged"),
    }
    assert (report.sources, report.new_sources) == (2, 2)
    assert source_file(folder, "四").read_text(encoding="utf-8") == "四"
    assert restore(tmp_path).not_copied == ()
    with closing(Log.open(f"sqlite:///{tmp_path}/new/qingdan.db", sources=tmp_path / "new/sources")) as new:
        assert len([one for one in new.integrity.verify().problems if "文件不存在" in one]) == 3
    source_file(home, "三").rmdir()
    for text in texts:
        put_workbook(site, text)
    report = site.recovery.back_up(home, folder)
    assert (report.sources, report.new_sources, report.not_copied) == (5, 3, ())


def test_a_restoration_has_all_sources_but_those_that_the_backups_lost(site: Log, tmp_path: Path) -> None:
    folder, texts = tmp_path / "backups", ("一", "二", "三")
    publish_files(site, texts)
    site.recovery.back_up(tmp_path / "home", folder)
    source_file(folder, "一").unlink()
    source_file(folder, "三").write_bytes(b"changed")
    faults = {one.digest: one.fault for one in restore(tmp_path).not_copied}
    assert faults == {digest_of("一".encode()): "missing", digest_of("三".encode()): "damaged"}
    assert source_file(tmp_path / "new", "二").read_text(encoding="utf-8") == "二"


def test_a_source_that_was_erased_since_the_backup_is_missing_rightly(site: Log, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    site.recovery.back_up(tmp_path / "home", folder)
    site.releases.erase(records=[("fees", ids(site)["甲"])], ground="判决")
    backups.update_ledger(site._session, folder)
    source_file(folder, "a workbook").unlink()
    report = restore(tmp_path)
    assert (report.erased_again, report.not_copied) == (1, ())


@pytest.mark.server
def test_a_backup_names_a_source_that_postgresql_lacks(postgresql_url: str, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "backups"
    home.mkdir()
    with closing(Log.open(postgresql_url, sources=home / "sources")) as site:
        site.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
        site.datasets.create(*fees_dataset())
        release(site, entry("甲"))
        assert site.recovery.back_up(home, folder).not_copied == ()
        with site._session.write() as conn:
            site._session.sources.drop(conn, digest_of(b"a workbook"))
        (lacking,) = site.recovery.back_up(home, folder).not_copied
    assert (lacking.name, lacking.fault) == ("a workbook.xls", "missing")


@pytest.mark.slow
def test_commands_name_the_source_and_end_with_1(tmp_path: Path) -> None:
    site, new, folder = Home(tmp_path / "site"), Home(tmp_path / "new"), tmp_path / "backups"
    site.dataset()
    site.publish("shili-power-list", xlsx(tmp_path / "list.xlsx", [item("甲许可")]))
    (file,) = (site.home / "sources").glob("*/*")
    whole = file.read_bytes()
    file.write_bytes(b"changed")
    backup = site.run("backup", folder)
    assert (backup.code, "已备份并核验" in backup.err) == (1, False)
    assert "原始存档已损坏，没有复制：list.xlsx" in backup.err
    file.write_bytes(whole)
    assert site.ok("backup", folder, "--json").json["not_copied"] == []
    (copy,) = (folder / "sources").glob("*/*")
    copy.unlink()
    restored = new.run("restore", folder, "--no-checkpoint")
    assert restored.code == 1
    assert "原始存档缺失，没有复制：list.xlsx" in restored.err
    shutil.rmtree(new.home)
    again = new.run("restore", folder, "--no-checkpoint", "--json")
    assert (again.code, again.json["not_copied"][0]["fault"]) == (1, "missing")
