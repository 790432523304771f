"""The shortfall of a restored log: entries up to a checkpoint that somebody holds, and erasures.

Until they are completed, or given up by a succession, nothing is published: the log would sign other entries
under numbers that were used before, which nobody could distinguish from fraud.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select, update

from publisher.log.database import tables as t
from publisher.log.model import LogError
from publisher.log.transparency import entry_log
from publisher.log.transparency.successions import KnownCheckpoint


class Shortfall(msgspec.Struct, frozen=True):
    """The shortfall as the row of the site stores it, in JSON."""

    known: KnownCheckpoint
    """The newest checkpoint that anybody holds."""
    erased: tuple[str, ...] = ()
    """Records that were erased after the backup; their contents are destroyed again."""
    origin: str = ""
    """Name of the log of that checkpoint, which may be a successor of the one that was restored; empty where
    it is not known.
    """
    besides: int = 0
    """Entries that are lost besides, of other logs of the site."""


_decode = msgspec.json.Decoder(Shortfall).decode


def read(conn: Connection) -> Shortfall | None:
    text = conn.scalar(select(t.site.c.shortfall))
    return None if text is None else _decode(text)


def write(conn: Connection, shortfall: Shortfall | None) -> None:
    text = None if shortfall is None else msgspec.json.encode(shortfall).decode()
    conn.execute(update(t.site).values(shortfall=text))


def missing(conn: Connection, shortfall: Shortfall) -> int:
    """Count the entries that are missing."""
    return max(0, shortfall.known.size - entry_log.size(conn))


def in_words(count: int) -> tuple[str, str]:
    """Say in Chinese and English what a log lacks: ``count`` entries; if that is 0, those of an erasure."""
    return (
        (f"{count}个日志条目", f"{count} entries") if count else ("依法删除的条目", "entries of an erasure")
    )


def require(conn: Connection) -> Shortfall:
    """Read the shortfall. Raises ``LogError('log-complete')`` if there is none."""
    shortfall = read(conn)
    if shortfall is None:
        raise LogError("log-complete", "本日志没有缺少条目。", "The log does not lack any entries.")
    return shortfall


def require_complete(conn: Connection) -> None:
    """Raise ``LogError('log-behind')`` if the log lacks entries."""
    shortfall = read(conn)
    if shortfall is not None:
        zh, en = in_words(missing(conn, shortfall))
        raise LogError(
            "log-behind",
            f"本站由较早的备份恢复，缺少{zh}，只能读取。请系统管理员用 qingdan log complete 补全；"
            "确无人保存的，用 qingdan log succeed 另起新日志。",
            f"The site was restored from an older backup and lacks {en}: it can only be read. "
            "The administrator completes it with `qingdan log complete`; if nobody has them, with `qingdan "
            "log succeed`.",
        )
