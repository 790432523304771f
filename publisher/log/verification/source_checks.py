"""Source files: those that are referenced exist, with the bytes of their digest."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from publisher.log.blob_store import BlobStore
from publisher.log.database import tables as t
from publisher.log.database.connection import stream
from publisher.log.model import LogError
from publisher.log.releases import erasure
from publisher.log.verification.problem import Problem, unreadable


def check_sources(conn: Connection, sources: BlobStore, *, read: bool) -> Iterator[Problem]:
    """Check that every referenced file exists; with ``read``, also its bytes."""
    i = t.import_.c
    names = {row.digest: row.name for row in stream(conn, select(i.digest, i.name))}
    for digest in sorted(erasure.referenced_sources(conn)):
        where = f"来源文件 source {names.get(digest, 'WARC')} {digest[:12]}"
        try:
            if read:
                sources.get(digest)
            elif not sources.has(conn, digest):
                yield Problem(f"{where}: 文件不存在 the file is missing")
        except KeyError:
            yield Problem(f"{where}: 文件不存在 the file is missing")
        except LogError:
            yield Problem(f"{where}: 内容与校验值不符 its bytes were changed")
        except OSError as error:  # a disk with bad blocks, for example
            yield unreadable(where, error)
