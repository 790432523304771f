"""What the tests of the catalogue as DCAT ask of a site on SQLite, asked of one on PostgreSQL."""

from __future__ import annotations

from tests.dcat.test_catalog import *  # noqa: F403 - every test of this module runs here too

del site  # noqa: F821 - theirs is on SQLite, the one beside this file on PostgreSQL
