"""``log.integrity``: compare everything derived with a rebuild from the log, and repair it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
from sqlalchemy import Connection, select

from publisher.log import registry
from publisher.log.database import tables as t
from publisher.log.session import Session
from publisher.log.verification import (
    checkpoint_checks,
    database_checks,
    draft_checks,
    finding_checks,
    last_run,
    queue_checks,
    release_checks,
    repair,
    seal_checks,
    source_checks,
    table_checks,
)
from publisher.log.verification.last_run import VerificationRun
from publisher.log.verification.problem import Problem, guard
from publisher.log.verification.record_checks import RecordChecks
from publisher.log.verification.revision_checks import RevisionChecks
from schemas.definition.catalogue import Catalogue

MOST_PROBLEMS = 1_000
"""Problems that are listed; the others are counted."""
UNCOVERED = (
    "整行缺失的网页、订阅、投递和草稿 pages, subscriptions, deliveries and drafts deleted as whole rows",
    "整行缺失的旧存证点 older checkpoints deleted as whole rows",
    "缺失的私钥文件 private keys whose file is gone",
    "没有口令的加密私钥 private keys that are encrypted, without their passphrase",
    "工作台的审计日志 the audit log of the desk (qingdan desk audit --verify)",
    "由了解本程序的人重新封存的行 rows that somebody who knows the program sealed again",
)
"""Parts of a site that no check covers, in words."""
_WITHOUT_SOURCES = "原始存档的内容（用 --sources 核验）bytes of sources (--sources checks them)"
_WITHOUT_INDEX = (
    "搜索索引和已生成的文件（用 --index 核验）the search index and generated files (--index checks them)"
)
_WITHOUT_CHECKPOINT = (
    "整条日志被截短或重写（用 --checkpoint 与保存的存证点比对）"
    "a log that was cut off or rewritten as a whole (--checkpoint compares it with one that was kept)"
)

type StepReport = Callable[[str], None]
"""Called with the name of each step, when it begins."""


class Scope(msgspec.Struct, frozen=True):
    """Parts of a site that a verification reads besides the database."""

    sources: bool = False
    """Read the bytes of every source."""
    checkpoint: str | None = None
    """A signed note that was kept elsewhere."""
    index: bool = False
    """Read the search index and the generated files; see :mod:`publisher.site_verification`."""

    def uncovered(self) -> tuple[str, ...]:
        """List in words what this verification does not check."""
        included = (self.sources, self.index, self.checkpoint is not None)
        others = (_WITHOUT_SOURCES, _WITHOUT_INDEX, _WITHOUT_CHECKPOINT)
        return (*UNCOVERED, *(part for part, is_in in zip(others, included, strict=True) if not is_in))


_DATABASE_ALONE = Scope()


class Verification(msgspec.Struct, frozen=True):
    """Result of checking the log. ``problems`` is empty if everything matches."""

    releases: int
    revisions: int
    erased: int
    """Revisions whose content was erased: their hash stays, their content cannot be checked."""
    problems: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    """Parts that were not checked, in words."""

    @property
    def ok(self) -> bool:
        return not self.problems


class _Progress(msgspec.Struct):
    """Counts of a verification so far, and what its first steps read for the later ones."""

    releases: int = 0
    revisions: int = 0
    erased: int = 0
    catalogues: dict[str, Catalogue] = msgspec.field(default_factory=dict)
    """By digest; damaged ones are absent."""


class Integrity:
    """``log.integrity``: methods that check the log, and repair what is derived from it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def verify(self, scope: Scope = _DATABASE_ALONE, report: StepReport | None = None) -> Verification:
        """Check every hash, and compare everything derived with a rebuild.

        Rows are streamed; one number for each record, and the derived findings, are held. All is read in one
        snapshot, except SQLite's own check.
        """
        progress = _Progress()
        others: list[str] = []
        total = 0
        with ThreadPoolExecutor(1) as second, self._session.read() as conn:
            # A tenth of the work and none of it Python: it runs during the other checks, in its own snapshot.
            pages = second.submit(self._check_pages)
            for problem in self._check(conn, scope, progress, report or _ignore):
                total += 1
                if total <= MOST_PROBLEMS:
                    others.append(str(problem))
            damage = [str(problem) for problem in guard("数据库 database", pages.result)]
        problems = [*damage, *others][:MOST_PROBLEMS]
        if (more := total + len(damage) - len(problems)) > 0:
            problems.append(f"另有{more}处未列出 {more} more are not listed")
        return Verification(
            releases=progress.releases,
            revisions=progress.revisions,
            erased=progress.erased,
            problems=tuple(problems),
            uncovered=scope.uncovered(),
        )

    def last_run(self) -> VerificationRun | None:
        """Return the last nightly verification."""
        with self._session.read() as conn:
            return last_run.read_run(conn)

    def store_run(self, run: VerificationRun) -> None:
        """Store a nightly verification in place of the last one."""
        with self._session.write() as conn:
            last_run.store_run(conn, run)

    def lock(self) -> AbstractContextManager[bool]:
        """Try to take the lock for the nightly verification. → whether this process holds it; never waits."""
        return self._session.database.lock("verifying")

    def check(self, conn: Connection, scope: Scope) -> Iterator[Problem]:
        """Yield the problems of the state that a transaction sees."""
        yield from guard("数据库 database", lambda: database_checks.check_pages(conn))
        yield from self._check(conn, scope, _Progress(), _ignore)

    def repair(self, file: Path) -> int:
        """Compute again what is derived and differs. → number of differences.

        ``file`` is created and lists what was replaced. Contents, hashes, changes, documents and sources are
        never written; of revisions and releases only columns that follow from the rest, such as titles.
        """
        with self._session.write() as conn:
            progress = _Progress()
            problems = (p for p in self._check(conn, _DATABASE_ALONE, progress, _ignore) if p.derived)
            count = repair.repair(self._session, conn, problems, progress.catalogues, file)
            if count:
                repair.invalidate_caches(conn, self._session.clock())
            return count

    def _check_pages(self) -> list[Problem]:
        with self._session.read() as conn:
            return database_checks.check_pages(conn)

    def _check(
        self, conn: Connection, scope: Scope, progress: _Progress, report: StepReport
    ) -> Iterator[Problem]:
        registry.site(conn)
        for name, check in self._steps(conn, scope, progress):
            report(name)
            yield from guard(name, check)

    def _steps(
        self, conn: Connection, scope: Scope, progress: _Progress
    ) -> Iterator[tuple[str, Callable[[], Iterable[Problem]]]]:
        yield "数据库 database", lambda: database_checks.check_database(conn)
        yield "哈希 hashes", lambda: map(Problem, release_checks.verify(conn))
        catalogues = progress.catalogues
        yield "清单类型 catalogues", lambda: table_checks.check_catalogues(conn, catalogues)
        releases = table_checks.read_releases(conn)
        progress.releases = len(releases)
        yield "数据集 datasets", lambda: table_checks.check_datasets(conn, releases)
        sequence = conn.scalar(select(t.site.c.outbox_sequence)) or 0
        records = RecordChecks(conn, releases, sequence)
        revisions = RevisionChecks(conn, releases, catalogues)
        yield "条目 records", records.check
        yield "修订版 revisions", lambda: _check_revisions(revisions, progress)
        yield (
            "修订版 revisions",
            lambda: table_checks.check_unpublished(conn, records.revisions, revisions.count),
        )
        yield "总数 counts", lambda: table_checks.check_tally(conn, records.growth)
        yield "总数 counts", lambda: table_checks.check_counts(conn, releases, records.growth)
        yield "计数器 counters", lambda: table_checks.check_counters(conn)
        yield "发布 releases", lambda: table_checks.check_release_marks(conn, releases)
        folder = self._session.files.parent
        yield "来源文件 files", lambda: table_checks.check_files(conn, releases, folder)
        yield "未导入的行 rows left out", lambda: table_checks.check_left_out(conn, releases)
        now = self._session.clock()
        yield "待索引 outbox", lambda: queue_checks.check_outbox(conn, releases, now)
        yield "封存值 seals", lambda: seal_checks.check_seals(conn)
        yield "待核问题 findings", lambda: finding_checks.check_findings(self._session, conn)
        yield "任务状态 commitments", lambda: finding_checks.check_commitments(self._session, conn)
        yield "草稿 drafts", lambda: draft_checks.check_drafts(conn, catalogues)
        yield "存证点 checkpoints", lambda: checkpoint_checks.check_notes(conn)
        yield "见证 cosignatures", lambda: checkpoint_checks.check_cosignatures(conn)
        yield "密钥 keys", lambda: checkpoint_checks.check_keys(conn, self._session.keys)
        if scope.checkpoint is not None:
            note = scope.checkpoint
            yield "存证点 checkpoints", lambda: checkpoint_checks.check_continuation(conn, note)
        yield (
            "原始存档 sources",
            lambda: source_checks.check_sources(conn, self._session.sources, read=scope.sources),
        )


def _check_revisions(revisions: RevisionChecks, progress: _Progress) -> Iterator[Problem]:
    yield from revisions.check()
    progress.revisions, progress.erased = revisions.count, revisions.erased


def _ignore(_step: str) -> None:
    """Report nothing."""
