"""The small log that the tests of the log use."""

from __future__ import annotations

from tests.publisher.log.conftest import log

__all__ = ["log"]
