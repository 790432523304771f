"""The small log of the tests of ``publisher.log``."""

from __future__ import annotations

from tests.publisher.log.conftest import log

__all__ = ["log"]
