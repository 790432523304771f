"""The same stores, on both databases, that the tests of the log use."""

from __future__ import annotations

from tests.store.conftest import clock, log, postgresql_server, url

__all__ = ["clock", "log", "postgresql_server", "url"]
