"""What the tests of files and of the catalogue ask of a site on SQLite, asked of one on PostgreSQL."""

from __future__ import annotations

from tests.dcat.test_schemas import *  # noqa: F403 - every test of these modules runs here too
from tests.exports.test_http import *  # noqa: F403

del site, client  # noqa: F821 - theirs are on SQLite, those beside this file on PostgreSQL
