"""What the tests of the OGC routes ask of a site on SQLite, asked of one on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.geo.conftest import Live, site
from tests.geo.test_features_core import *  # noqa: F403 - every test of these modules runs here too
from tests.geo.test_filter_claims import *  # noqa: F403
from tests.geo.test_parameters import *  # noqa: F403
from tests.store.postgresql import Server


@pytest.fixture(scope="session")
def live(postgresql_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("geo")
    with postgresql_server.database() as url, site(home, database=url) as live:
        yield live
