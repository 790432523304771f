"""The same stores, on both databases, that the tests of the store use."""

from __future__ import annotations

from tests.store.conftest import clock, postgresql_server, store, url

__all__ = ["clock", "postgresql_server", "store", "url"]
