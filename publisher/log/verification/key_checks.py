"""Private keys in files: each is the key that the log announced."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from publisher.log.model import LogError
from publisher.log.transparency import key_statements
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.verification.problem import Problem


def check_keys(conn: Connection, keys: KeyFiles) -> Iterator[Problem]:
    """Check the files of this machine. Keys that are elsewhere cannot be checked here."""
    for site_key in key_statements.site_keys(conn):
        if not keys.has(site_key.key):
            continue
        try:
            keys.check(site_key.key)
        except LogError as error:
            yield Problem(f"{error.zh} / {error.en}")
