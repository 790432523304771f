"""On PostgreSQL: a killed restoration serves nothing, and a dump and its manifest tell of one state."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from publisher.log.database.postgresql import _WRITE_LOCK
from publisher.log.log import Log
from publisher.log.model import LogError, Part
from publisher.log.recovery import manifest as manifests
from publisher.log.recovery import postgresql_dump, restoration
from publisher.log.transparency import erasure_ledger
from publisher.views.exports.log_archive import log_archive_writer
from tests.support.command import Home
from tests.support.log import entry, fees_dataset, ids, release, stage
from tests.support.servers.postgresql import Server

pytestmark = pytest.mark.server
SECRET = "张三丰的身份证号"


@pytest.fixture
def site(postgresql_url: str, tmp_path: Path) -> Iterator[Log]:
    (tmp_path / "home").mkdir()
    log = Log.open(postgresql_url, sources=tmp_path / "home" / "sources")
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    release(log, entry("甲"))
    yield log
    log.close()


@pytest.fixture
def empty(postgresql_server: Server) -> Iterator[str]:
    """Address of another database, without tables."""
    with postgresql_server.database(migrated=False) as url:
        yield url


def count(url: str, words: str) -> int:
    """Count the rows of drafts and revisions that contain words."""
    with psycopg.connect(url) as conn:
        query = "SELECT content FROM revision UNION ALL SELECT content FROM draft_entry"
        return sum(words in (content or "") for (content,) in conn.execute(query))


def has_table(url: str, name: str) -> bool:
    with psycopg.connect(url) as conn:
        return conn.execute("SELECT to_regclass(%s)", (name,)).fetchone() != (None,)


def test_a_killed_restoration_is_opened_by_nobody_and_the_next_one_is_whole(
    site: Log, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    stage(site, entry(SECRET))
    site.recovery.back_up(tmp_path / "home", folder)
    site.releases.publish("fees", effective_on=site._session.today())
    site.releases.erase(records=[("fees", ids(site)[SECRET])], ground="判决")
    with site._session.read() as conn:
        erasure_ledger.update_ledger(folder / erasure_ledger.NAME, erasure_ledger.erasures(conn))
    monkeypatch.setenv("QINGDAN_DATABASE", empty)
    new = Home(tmp_path / "new")
    with psycopg.connect(empty) as blocking:  # the restoration waits before it erases
        blocking.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITE_LOCK,))
        with new.spawn("restore", folder, "--no-checkpoint") as process:
            while not has_table(empty, "draft_entry"):
                assert process.poll() is None, process.communicate()
                time.sleep(0.1)
            process.kill()
            process.communicate()
    assert count(empty, SECRET) == 1
    for command in ("status", "verify", "serve", "work"):
        refused = new.run(command)
        assert (refused.code, "restore-unfinished" in refused.err) == (1, True)
    for is_public in (False, True):
        with pytest.raises(LogError) as error:
            Log.open(empty, sources=tmp_path / "sources", public=is_public)
        assert error.value.code == "restore-unfinished"
    assert new.ok("restore", folder, "--no-checkpoint", "--json").json["problems"] == []
    assert count(empty, SECRET) == 0
    assert new.ok("verify", "--json").json["problems"] == []
    assert "home-not-empty" in new.run("restore", folder, "--no-checkpoint").err


def test_a_restoration_that_is_refused_at_its_end_is_opened_by_nobody(
    site: Log, empty: str, tmp_path: Path
) -> None:
    folder, home = tmp_path / "backups", tmp_path / "new"
    site.keys.create()
    site.recovery.back_up(tmp_path / "home", folder)
    note = (site.proofs.checkpoint() or "").splitlines()
    changed = "\n".join([*note[:2], "A" * 43 + "=", *note[3:], ""])
    with pytest.raises(LogError) as differs:
        restoration.restore(folder, url=empty, home=home, notes=[changed])
    assert differs.value.code == "checkpoint-differs"
    with pytest.raises(LogError) as unfinished:
        Log.open(empty, sources=home / "sources")
    assert unfinished.value.code == "restore-unfinished"
    restoration.restore(folder, url=empty, home=home)
    with closing(Log.open(empty, sources=home / "sources")) as log:
        assert log.integrity.verify().ok


@pytest.mark.parametrize("partial", [False, True])
def test_an_erasure_after_a_completion_destroys_files_that_had_the_record_unchanged(
    site: Log, empty: str, tmp_path: Path, partial: bool
) -> None:
    folder, home = tmp_path / "backups", tmp_path / "new"
    site.recovery.back_up(tmp_path / "home", folder)
    stage(site, entry("甲"), entry("乙"), partial=partial, file=SECRET)
    site.releases.publish("fees", effective_on=site._session.today())
    site.keys.create()
    archive = tmp_path / "log.zip"
    log_archive_writer(site, with_actors=False)(archive)
    restoration.restore(folder, url=empty, home=home, notes=[site.proofs.checkpoint() or ""])
    with closing(Log.open(empty, sources=home / "sources")) as log:
        log.recovery.complete(archive, lambda *_: None)
        stage(log, entry("丙"), partial=partial, file=SECRET)
        log.drafts.discard("fees")
        digest = hashlib.sha256(SECRET.encode()).hexdigest()
        assert log.evidence.source_bytes(digest) == SECRET.encode()
        log.releases.erase(records=[("fees", ids(log)["甲"])], ground="判决")
        with pytest.raises(LogError):
            log.evidence.source_bytes(digest)
        assert log.integrity.verify().problems == ()


def test_a_database_with_anything_in_it_is_no_target(site: Log, empty: str, tmp_path: Path) -> None:
    site.recovery.back_up(tmp_path / "home", tmp_path / "backups")
    with psycopg.connect(empty) as conn:
        conn.execute("CREATE SCHEMA qingdan_desk")
    with pytest.raises(LogError) as refused:
        restoration.restore(tmp_path / "backups", url=empty, home=tmp_path / "new")
    assert refused.value.code == "home-not-empty"


def test_what_is_published_during_a_dump_is_not_in_its_manifest(
    site: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An erasure during the dump is later than what the manifest names, so that the dump is reported."""
    folder, dump, size = tmp_path / "backups", postgresql_dump.dump, site.proofs.size()

    def erase_meanwhile(*arguments: object) -> None:
        site.releases.erase(records=[("fees", ids(site)["甲"])], ground="判决")
        site.datasets.add_part("fees", Part("新部门"))
        dump(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(postgresql_dump, "dump", erase_meanwhile)
    report = site.recovery.back_up(tmp_path / "home", folder)
    assert report.entries == size
    (backup,) = manifests.list_backups(folder)
    assert manifests.read_manifest(backup).checkpoint.size == size
    assert site.recovery.forget_erased(folder, lambda *_: False) == (0, [backup])
