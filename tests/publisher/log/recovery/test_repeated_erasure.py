"""An erasure is repeated wherever an older state has its content: drafts, files, pages, submissions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import select

from publisher.log import registry
from publisher.log.approvals.submission import PublicationRequest, Secrecy
from publisher.log.blob_store import digest_of
from publisher.log.database import tables as t
from publisher.log.drafts.staging import SourceEntries
from publisher.log.evidence.harvested_pages import WARC, Exchange, Page
from publisher.log.log import Log
from publisher.log.model import DraftEntry, LogError, Source
from publisher.log.recovery import manifest as manifests
from publisher.log.recovery import repeated_erasure, restoration
from publisher.log.releases.erasure import ErasureRelease
from publisher.log.releases.release_writer import ReleaseHeading
from publisher.log.transparency import erasure_ledger
from publisher.log.transparency.erasure_ledger import LedgerEntry
from publisher.log.verification.last_run import VerificationRun
from publisher.views.exports.log_archive import log_archive_writer
from schemas.definition.file_loader import load_catalogue
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.log import EARLY, MIDDLE, entry, fees_dataset, ids, release, stage

SECRET = "张三丰的身份证号"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
URL = "http://a.example/1.html"


def ledger_of(log: Log) -> Sequence[LedgerEntry]:
    with log._session.read() as conn:
        return erasure_ledger.erasures(conn)


def repeat(log: Log, ledger: Sequence[LedgerEntry]) -> Sequence[str]:
    """Repeat erasures in a log, as in a restored one."""
    destroyed = repeated_erasure.erase_again(log._session.database, ledger, NOW)
    log.releases.finish_erasure()
    return destroyed


def stage_file(log: Log, data: bytes, *entries: DraftEntry) -> None:
    source = log.evidence.put_source(data, name="一.xls", media_type="application/vnd.ms-excel")
    log.drafts.stage("fees", entries, part="财政局", source=source, parser_version="test 1")


def contains(folder: Path, words: str) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if words.encode() in path.read_bytes()]


def test_a_draft_of_an_erased_file_comes_back_neither_by_restoration_nor_in_older_backups(
    tmp_path: Path, clock: Clock
) -> None:
    home, backups = tmp_path / "home", tmp_path / "backups"
    log = Log.open(sqlite.new(home / "qingdan.db"), sources=home / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    stage_file(log, SECRET.encode(), entry(SECRET))
    log.recovery.back_up(home, backups)
    log.releases.publish("fees", effective_on=EARLY)
    log.releases.erase(records=[("fees", ids(log)[SECRET])], ground="判决")
    erasure_ledger.update_ledger(backups / erasure_ledger.NAME, ledger_of(log))
    assert contains(backups, SECRET)
    new = tmp_path / "new"
    url = f"sqlite:///{new}/qingdan.db"
    restoration.restore(backups, url=url, home=new)
    restored = Log.open(url, sources=new / "sources")
    assert restored.drafts.get("fees") is None
    assert contains(new, SECRET) == []
    assert restored.integrity.verify().ok
    restored.close()
    assert log.recovery.forget_erased(backups, lambda *_: False) == (1, [])
    assert contains(backups, SECRET) == []
    assert log.recovery.forget_erased(backups, lambda *_: False) == (0, [])
    log.close()


def test_what_a_verification_quoted_comes_back_in_no_backup(tmp_path: Path, clock: Clock) -> None:
    home, backups = tmp_path / "home", tmp_path / "backups"
    log = Log.open(sqlite.new(home / "qingdan.db"), sources=home / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    release(log, entry("甲"))
    log.integrity.store_run(VerificationRun(clock(), clock(), 1, (SECRET,)))
    log.recovery.back_up(home, backups)
    clock.advance(seconds=1)
    log.releases.erase(records=[("fees", ids(log)["甲"])], ground="判决")
    erasure_ledger.update_ledger(backups / erasure_ledger.NAME, ledger_of(log))
    assert contains(backups, SECRET)
    new = tmp_path / "new"
    restoration.restore(backups, url=f"sqlite:///{new}/qingdan.db", home=new)
    Log.open(f"sqlite:///{new}/qingdan.db", sources=new / "sources").close()
    assert contains(new, SECRET) == []
    assert log.recovery.forget_erased(backups, lambda *_: False) == (1, [])
    assert contains(backups, SECRET) == []
    assert log.recovery.forget_erased(backups, lambda *_: False) == (0, [])
    log.close()


def test_a_draft_with_the_erased_record_from_another_file_is_dropped(log: Log) -> None:
    """The file was replaced before its publication, so that no list has its digest."""
    release(log, entry("甲"), on=EARLY)
    stage_file(log, b"another", entry(SECRET, "2"), entry("乙"))
    kept = ids(log)["甲"]
    (other,) = log.drafts.get("fees").imports  # type: ignore[union-attr]
    with log._session.read() as conn:
        unpublished = (
            conn.scalar(select(t.draft_entry.c.identity).where(t.draft_entry.c.title == SECRET)) or ""
        )
    assert repeat(log, [LedgerEntry("fees", unpublished, ("f" * 64,))]) == [unpublished]
    assert log.drafts.get("fees") is None
    with pytest.raises(LogError):
        log.evidence.source_bytes(other.source.digest)
    assert ids(log) == {"甲": kept}
    assert log.integrity.verify().ok


def test_what_was_imported_after_the_erasure_stays(log: Log) -> None:
    release(log, entry(SECRET), entry("甲"), on=EARLY)
    log.releases.erase(records=[("fees", ids(log)[SECRET])], ground="判决")
    stage_file(log, b"another", entry(SECRET, "9"))
    assert repeat(log, ledger_of(log)) == []
    assert log.drafts.get("fees") is not None


def test_an_erasure_takes_the_file_out_of_all_drafts_and_rows_left_out(log: Log) -> None:
    """The bytes of a file are destroyed wherever it was imported: no draft of it could be published."""
    log.datasets.create(*fees_dataset("others"))
    stage(log, entry("乙"), dataset="others")
    in_error = structs.replace(entry("丙"), in_error=True)
    stage(log, entry("甲"), in_error)
    log.releases.publish("fees", effective_on=EARLY, without_errors=True)
    release(log, entry("甲"), entry(SECRET), on=MIDDLE)  # the same file, read by another parser
    record = ids(log)[SECRET]
    assert log.releases.preview_erasure("fees", [record]).drafted_files == ("a workbook.xls",)
    log.releases.erase(records=[("fees", record)], ground="判决")
    assert log.drafts.get("others") is None
    assert all(row.left_out == () for row in log.queries.releases("fees"))
    assert log.integrity.verify().problems == ()


def add_page(log: Log, url: str = URL, title: str = SECRET) -> Page:
    log.evidence.add_links("a", [(url, title)], role="document")
    page = log.evidence.page_at("a", url)
    assert page is not None
    return page


def store(log: Log, page: Page, body: bytes) -> str:
    """Store a response → its digest."""
    own = Exchange(page.key, NOW, 200, b"warc " + body, digest_of(body), len(body))
    log.evidence.store_exchanges([own])
    return log.evidence.responses(page.key)[-1].digest


@pytest.mark.slow
@pytest.mark.parametrize("has_response", [True, False])
def test_an_erased_page_and_every_response_of_it_are_destroyed_again(
    log: Log, tmp_path: Path, *, has_response: bool
) -> None:
    """A backup may have an earlier response than the one from which the record was read, or none yet."""
    dataset, _ = fees_dataset()
    catalogue = load_catalogue("policies")
    log.datasets.create(structs.replace(dataset, name="zhengce", parts=()), catalogue)
    page = add_page(log)
    first, second = store(log, page, b"one"), store(log, page, b"two")
    source = Source(second, URL, WARC, 8, NOW, URL)
    entries = SourceEntries([DraftEntry({"title": SECRET, "issuer": "鞍山市"})], source, "1")
    log.drafts.stage_all("zhengce", [entries], catalogue=catalogue)
    log.releases.publish("zhengce", effective_on=EARLY)
    (record,) = log.queries.find_by_title("zhengce", SECRET)
    log.releases.erase(records=[("zhengce", record.id)], ground="法院裁定")
    ledger = ledger_of(log)
    assert {one.record for one in ledger if one.sources and not one.dataset} == {first, second}
    address = digest_of(URL.encode())
    assert [one for one in ledger if one.pages] == [LedgerEntry("", address, pages=(address,))]
    older = Log.open(sqlite.new(tmp_path / "older" / "qingdan.db"), sources=tmp_path / "older" / "sources")
    older.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    listed = add_page(older)  # not fetched yet: the text of the link names it
    other = older.evidence.page(add_page(older, "http://a.example/2.html", "公开").key)
    if has_response:
        assert store(older, listed, b"one") == first
    assert set(repeat(older, ledger)) == {address, *([first] if has_response else [])}
    assert older.evidence.page(listed.key).erased
    assert older.evidence.page(other.key) == other
    with pytest.raises(LogError):
        older.evidence.source_bytes(first)
    assert contains(tmp_path / "older", SECRET) == []
    assert older.integrity.verify().ok
    older.close()


def test_names_in_submissions_without_a_release_are_erased_and_stay_erased(log: Log) -> None:
    stage(log, entry("甲"))
    request = PublicationRequest(kind="draft", basis="示财〔2020〕1号", effective_on=EARLY)
    reviewed = Secrecy(reviewed_by="保密员某某")
    one = log.approvals.submit("fees", request, drafter="经办人某某", secrecy=reviewed)
    before = {row["key"]: row for row in submissions(log)}
    with pytest.raises(LogError) as refused:
        log.releases.preview_actor_erasure("某某")
    assert refused.value.code == "no-such-actor"
    for name in ("经办人某某", "保密员某某"):
        assert log.releases.preview_actor_erasure(name).submissions == [one.key]
    acts = log.releases.erase_actor("保密员某某", ground="个人信息保护法第四十七条")
    assert (acts.releases, acts.submissions) == ([], [one.key])
    now = log.approvals.get(one.key)
    assert (now.drafter, now.reviewer, now.secrecy.reviewed_by, now.state) == ("", "", "", "cancelled")
    with pytest.raises(LogError) as void:
        log.approvals.approve(one.key, digest=one.digest, reviewer="经办人某某")
    assert void.value.code == "submission-decided"
    assert log.integrity.verify().problems == ()
    with log._session.database.write() as conn:  # as in a backup from before
        conn.execute(t.submission.update().values(before[one.key]))
    assert log.approvals.get(one.key).drafter == "经办人某某"
    assert repeat(log, ledger_of_names(one.digest)) == [one.digest]
    assert not any("某某" in str(row) for row in submissions(log))
    assert repeat(log, ledger_of_names(one.digest)) == []


def ledger_of_names(digest: str) -> list[LedgerEntry]:
    return [LedgerEntry("", digest, submissions=(digest,))]


def submissions(log: Log) -> list[dict[str, object]]:
    with log._session.read() as conn:
        return [dict(row) for row in conn.execute(select(t.submission)).mappings()]


def test_names_of_a_submission_that_was_published_after_the_backup_are_in_the_ledger(log: Log) -> None:
    stage(log, entry("甲"))
    request = PublicationRequest(kind="draft", basis="示财〔2020〕1号", effective_on=EARLY)
    one = log.approvals.submit("fees", request, drafter="经办人某某")
    log.approvals.approve(one.key, digest=one.digest, reviewer="审核人")
    log.releases.publish("fees", effective_on=EARLY, basis="示财〔2020〕1号", submission=one.key)
    log.releases.erase_actor("经办人某某", ground="个人信息保护法第四十七条")
    assert LedgerEntry("", one.digest, submissions=(one.digest,)) in ledger_of(log)


def test_a_list_of_erasures_forgets_no_file_that_a_restored_log_does_not_know(tmp_path: Path) -> None:
    file = tmp_path / erasure_ledger.NAME
    erasure_ledger.update_ledger(file, [LedgerEntry("fees", "r", ("a",))])
    erasure_ledger.update_ledger(file, [LedgerEntry("fees", "r", ("b",))])
    erasure_ledger.update_ledger(file, [LedgerEntry("fees", "r")])
    assert erasure_ledger.read_ledger(file) == [LedgerEntry("fees", "r", ("a", "b"))]


def test_the_erasure_of_a_name_in_a_submission_makes_dumps_from_before_known(
    log: Log, tmp_path: Path
) -> None:
    stage(log, entry("甲"))
    log.approvals.submit("fees", PublicationRequest(kind="draft", effective_on=EARLY), drafter="经办人某某")
    log.recovery.back_up(tmp_path, tmp_path / "backups")
    (backup,) = manifests.list_backups(tmp_path / "backups")
    manifest = manifests.read_manifest(backup)
    assert not repeated_erasure._erased_since(log._session, manifest, ())
    log.releases.erase_actor("经办人某某", ground="个人信息保护法第四十七条")
    assert repeated_erasure._erased_since(log._session, manifest, ())


@pytest.fixture
def own(tmp_path: Path, clock: Clock) -> Iterator[Log]:
    """Site with a key and one release in ``home``, and a backup in ``backups``."""
    home = tmp_path / "home"
    log = Log.open(sqlite.new(home / "qingdan.db"), sources=home / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    log.keys.create()
    release(log, entry("甲"))
    log.recovery.back_up(home, tmp_path / "backups")
    yield log
    log.close()


def restore(tmp_path: Path, note: str) -> Log:
    new = tmp_path / "new"
    url = f"sqlite:///{new}/qingdan.db"
    restoration.restore(tmp_path / "backups", url=url, home=new, notes=[note])
    return Log.open(url, sources=new / "sources")


def test_a_completed_log_asks_for_no_file_that_was_erased(own: Log, tmp_path: Path) -> None:
    """Published and erased after the backup, so that no record of the file is in the archive."""
    stage_file(own, SECRET.encode(), entry(SECRET), entry("甲"))
    own.releases.publish("fees", effective_on=MIDDLE)
    own.releases.erase(records=[("fees", ids(own)[SECRET])], ground="判决")
    erasure_ledger.update_ledger(tmp_path / "backups" / erasure_ledger.NAME, ledger_of(own))
    log_archive_writer(own, with_actors=False)(tmp_path / "log.zip")
    restored = restore(tmp_path, own.proofs.checkpoint() or "")
    assert restored.recovery.complete(tmp_path / "log.zip", lambda *_: None).sources == 0
    assert restored.integrity.verify().problems == ()
    restored.close()


def test_backups_elsewhere_learn_of_an_erasure_that_a_restored_log_does_not_know(
    own: Log, tmp_path: Path
) -> None:
    stage_file(own, SECRET.encode(), entry(SECRET))
    for folder in ("backups", "elsewhere"):
        own.recovery.back_up(tmp_path / "home", tmp_path / folder)
    own.releases.publish("fees", effective_on=MIDDLE)
    own.releases.erase(records=[("fees", ids(own)[SECRET])], ground="判决")
    erasure_ledger.update_ledger(tmp_path / "backups" / erasure_ledger.NAME, ledger_of(own))
    restored = restore(tmp_path, own.proofs.checkpoint() or "")
    restored.recovery.succeed("无人保存")
    restored.recovery.back_up(tmp_path / "new", tmp_path / "elsewhere")
    assert contains(tmp_path / "elsewhere", SECRET)
    assert restored.recovery.forget_erased(tmp_path / "elsewhere", lambda *_: False) == (1, [])
    assert contains(tmp_path / "elsewhere", SECRET) == []
    restored.close()


def test_a_backup_between_an_erasure_and_its_completion_has_nothing_of_it(own: Log, tmp_path: Path) -> None:
    release(own, *(entry(f"{SECRET}{n}") for n in range(200)), entry("甲"))
    with own._session.append() as conn:
        row = registry.dataset_row(conn, "fees")
        erased = tuple(key for name, key in ids(own).items() if SECRET in name)
        heading = ReleaseHeading(MIDDLE, "", "判决", "", erased=erased)
        catalogue = own._session.catalogue(conn, row.catalogue_digest)
        ErasureRelease(own._session.database, conn, row).erase(catalogue, heading, own._session.clock())
    own.recovery.back_up(tmp_path / "home", tmp_path / "later")
    assert contains(tmp_path / "later", SECRET) == []


def test_a_restoration_after_a_killed_one_takes_nothing_of_its_files(own: Log, tmp_path: Path) -> None:
    def write(site: Path) -> None:
        (site / "inbox").mkdir(parents=True)
        (site / "inbox" / "inbox.db").write_bytes(b"whole")

    own.recovery.back_up(tmp_path / "home", tmp_path / "backups", copy_besides=write)
    left = tmp_path / "new" / "inbox" / "inbox.db-wal"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"of another inbox.db")
    restore(tmp_path, own.proofs.checkpoint() or "").close()
    assert [path.name for path in left.parent.iterdir()] == ["inbox.db"]
