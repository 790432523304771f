"""The list of erased records outside the database, so that no backup brings them back.

It contains ids and digests only: nothing that was erased can be read from it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlalchemy import Connection, select

from publisher.log.blob_store import digest_of, sync_folder
from publisher.log.database import entry_tables as e
from publisher.log.database import held_records
from publisher.log.database import page_tables as pt
from publisher.log.database import tables as t
from publisher.log.model import LogError

NAME = "erasures.jsonl"


class LedgerEntry(msgspec.Struct, frozen=True):
    """One line: a record, and the digests of the files that contained it; or the name of a clerk; or a file.

    For others than records ``dataset`` is empty, and ``record`` is a digest: of the document that says that
    names in releases were erased, of a submission whose names were, of a file or response, or of the address
    of a page.
    """

    dataset: str
    record: str
    sources: tuple[str, ...] = ()
    releases: tuple[int, ...] = ()
    submissions: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    """SHA-256 of the addresses of pages that are never requested again."""

    def is_of_name(self) -> bool:
        """Report whether it is the name of a clerk, with the digest of the document that says so."""
        return not (self.dataset or self.sources or self.submissions or self.pages)

    def join(self, other: LedgerEntry) -> LedgerEntry:
        """Return what both entries of one thing know: a restored log may know fewer files of it."""
        return LedgerEntry(
            self.dataset,
            self.record,
            tuple(sorted({*self.sources, *other.sources})),
            tuple(sorted({*self.releases, *other.releases})),
            tuple(sorted({*self.submissions, *other.submissions})),
            tuple(sorted({*self.pages, *other.pages})),
        )


_decode = msgspec.json.Decoder(LedgerEntry).decode


def read_ledger(path: Path) -> list[LedgerEntry]:
    """Read a ledger; empty if there is none. Raises ``LogError('backup-damaged')``."""
    if not path.exists():
        return []
    try:
        return [_decode(line) for line in path.read_bytes().splitlines() if line]
    except msgspec.DecodeError as error:
        raise LogError(
            "backup-damaged",
            f"{path} 不是依法删除的名单，或已损坏：{error}。请改用另存的一份。",
            f"{path} is not a list of erasures, or is damaged: {error}. Use another copy of it.",
        ) from error


def update_ledger(path: Path, erasures: Iterable[LedgerEntry]) -> None:
    """Add erasures that the ledger lacks. The new ledger is durable, or the old one stays."""
    part = path.with_name(f"{path.name}.part")
    with _open_alone(part) as file:
        old = read_ledger(path)
        all_erasures: dict[tuple[str, str], LedgerEntry] = {}
        for one in (*old, *erasures):
            earlier = all_erasures.get((one.dataset, one.record), one)
            all_erasures[one.dataset, one.record] = earlier.join(one)
        if list(all_erasures.values()) == old:
            part.unlink()
            return
        file.truncate()  # what a killed process left
        file.writelines(msgspec.json.encode(one) + b"\n" for one in all_erasures.values())
        file.flush()
        os.fsync(file.fileno())
        part.replace(path)
    sync_folder(path.parent)


@contextmanager
def _open_alone(part: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that no other process has open, and that was not renamed meanwhile."""
    while True:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_named(part, handle):
                yield file
                return


def _is_named(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def erasures(conn: Connection) -> Sequence[LedgerEntry]:
    """List the erased records of a log, the erased names of clerks, and the destroyed files."""
    r, i = t.record.c, t.import_.c
    of_erased = select(r.key).where(r.erased_by.is_not(None))
    files = held_records.select_files(lambda record: record.in_(of_erased)).subquery()
    rows = conn.execute(
        select(t.dataset.c.name, r.id, i.digest)
        .join_from(t.record, t.dataset, t.dataset.c.key == r.dataset)
        .outerjoin(files, files.c[0] == r.key)
        .outerjoin(t.import_, i.key == files.c[1])
        .where(r.erased_by.is_not(None))
        .order_by(r.key)
    )
    sources: dict[tuple[str, str], list[str]] = {}
    for dataset, record, digest in rows:
        sources.setdefault((dataset, record), []).extend([] if digest is None else [digest])
    of_records = [LedgerEntry(*key, tuple(sorted(set(digests)))) for key, digests in sources.items()]
    return [*of_records, *_erased_names(conn), *_destroyed_files(conn)]


def _erased_names(conn: Connection) -> Iterator[LedgerEntry]:
    c = e.entry.c
    query = select(c.digest, c.document).where(c.kind == "erasure", c.document.is_not(None))
    for row in conn.execute(query.order_by(c.position)):
        document = msgspec.json.decode(row.document)
        if document["property"] == "actor":
            yield LedgerEntry("", row.digest, releases=tuple(document["releases"]))
    m = t.submission.c
    submissions = select(m.digest).where(m.drafter == "").distinct()  # nobody submits without a name
    for digest in conn.scalars(submissions.order_by(m.digest)):
        yield LedgerEntry("", digest, submissions=(digest,))


def _destroyed_files(conn: Connection) -> Iterator[LedgerEntry]:
    """List files, responses and pages: a backup may have them from before their records were published."""
    i, r, p = t.import_.c, pt.response.c, pt.page.c
    files = set(conn.scalars(select(i.digest).where(i.destroyed)))
    files.update(conn.scalars(select(r.digest).where(r.destroyed)))
    for digest in sorted(files):
        yield LedgerEntry("", digest, sources=(digest,))
    for digest in sorted({digest_of(url.encode()) for url in conn.scalars(select(p.url).where(p.erased))}):
        yield LedgerEntry("", digest, pages=(digest,))
