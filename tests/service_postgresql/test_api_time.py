"""What the API's tests ask of a site on SQLite, asked of one on PostgreSQL."""

from __future__ import annotations

from tests.api.test_time import *  # noqa: F403 - every test of that module runs here too
