"""Copies of the bytes of sources, into a backup and back. One that cannot be copied stops no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from sqlalchemy import Connection, select

from publisher.log.blob_store import BlobStore
from publisher.log.database import tables as t
from publisher.log.database.connection import among
from publisher.log.model import LogError
from publisher.log.releases import erasure

type Fault = Literal["missing", "damaged"]

_WORDS: Mapping[Fault, tuple[str, str]] = {"missing": ("缺失", "missing"), "damaged": ("已损坏", "damaged")}


class UncopiedSource(msgspec.Struct, frozen=True):
    """A source to which the log refers, and whose bytes could not be copied."""

    digest: str
    name: str
    """Name of its file; empty for a response of a page."""
    fault: Fault

    def in_words(self) -> tuple[str, str]:
        """Say in Chinese and English what is the matter, and what to do."""
        name, (zh, en) = f"{self.name or 'WARC'} {self.digest[:12]}", _WORDS[self.fault]
        return (
            f"原始存档{zh}，没有复制：{name}。请重新导入同一文件。",
            f"The source {name} is {en} and was not copied. Import the same file again.",
        )


def copy_sources(sources: BlobStore, target: BlobStore, digests: Iterable[str]) -> Mapping[str, Fault]:
    """Copy sources → the fault of each one that cannot be read, by its digest."""
    faults: dict[str, Fault] = {}
    for digest in digests:
        try:
            data = sources.get(digest)
        except KeyError:
            faults[digest] = "missing"
        except (LogError, OSError):  # OSError: a disk with bad blocks, for example
            faults[digest] = "damaged"
        else:
            target.put(digest, data)
            target.get(digest)  # raises if the medium changed it
    return faults


def name_uncopied(conn: Connection, faults: Mapping[str, Fault]) -> Sequence[UncopiedSource]:
    """Describe those of the faults to whose sources a log refers: what was erased is missing rightly."""
    if not faults:
        return ()
    i, referenced = t.import_.c, erasure.referenced_sources(conn)
    rows = conn.execute(select(i.digest, i.name).where(among(conn, i.digest, faults)))
    names = {row.digest: row.name for row in rows}
    return tuple(
        UncopiedSource(digest, names.get(digest, ""), fault)
        for digest, fault in sorted(faults.items())
        if digest in referenced
    )
