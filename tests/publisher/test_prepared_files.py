"""Files of large lists are there before the first download."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import anyio
import pytest
from sqlalchemy.exc import OperationalError

from publisher.log.model import View
from publisher.log.queries.queries import Queries
from publisher.prepared_files import prepare_files
from publisher.views.api.routes.files import list_state_files
from publisher.web.service import Service, create_service
from tests.support.site import FEES, PLAIN, Site, four_releases, publish

FILES_OF_STATE = 6
"""CSV and JSON Lines: as they are, as zstd and as gzip."""


def service_of(site: Site) -> Service:
    return create_service(site.settings, site.log, site.engine, site.clock)


def prepared_forms(service: Service, release: int | None) -> set[str]:
    files, _ = list_state_files(service, FEES, View(release=release))
    return {file.form for file in files if file.sha256}


def count_files(site: Site) -> int:
    """Count the generated files whose digest is there."""
    return len(list(site.settings.files.glob("*/*.sha256")))


@pytest.mark.slow
def test_files_of_a_large_list_are_made_after_each_release(tmp_path: Path) -> None:
    async def await_files(site: Site, number: int) -> None:
        while count_files(site) < number:  # noqa: ASYNC110 - another task makes them
            await anyio.sleep(0.01)

    async def follow(site: Site, service: Service) -> None:
        with anyio.fail_after(60):
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: prepare_files(service, least=3, poll=0.01))
                await await_files(site, FILES_OF_STATE)
                assert prepared_forms(service, None) == {"csv", "jsonl"}
                await anyio.to_thread.run_sync(
                    publish, site.log, FEES, PLAIN, date(2016, 1, 1), "示财〔2016〕1号"
                )
                await await_files(site, 2 * FILES_OF_STATE)
                assert prepared_forms(service, None) == {"csv", "jsonl"}
                group.cancel_scope.cancel()

    with four_releases(tmp_path) as site:
        anyio.run(follow, site, service_of(site))
        assert prepared_forms(service_of(site), 5) == set(), "files of releases are kept for years"


def test_a_database_that_is_away_for_a_moment_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [OperationalError("SELECT 1", {}, Exception("refused"))]
    sequence = Queries.sequence

    def away_at_first(queries: Queries, dataset: str | None = None) -> int:
        if failures:
            raise failures.pop()
        return sequence(queries, dataset)

    async def follow(site: Site, service: Service) -> None:
        monkeypatch.setattr(Queries, "sequence", away_at_first)
        with anyio.fail_after(60):
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: prepare_files(service, least=3, poll=0.01))
                while count_files(site) < FILES_OF_STATE:  # noqa: ASYNC110 - another task makes them
                    await anyio.sleep(0.01)
                group.cancel_scope.cancel()

    with four_releases(tmp_path) as site:
        anyio.run(follow, site, service_of(site))
        assert failures == []


@pytest.mark.slow
def test_files_of_a_small_list_wait_for_a_reader(tmp_path: Path) -> None:
    async def look(service: Service) -> None:
        with anyio.move_on_after(0.5):
            await prepare_files(service, least=100, poll=0.01)

    with four_releases(tmp_path) as site:
        anyio.run(look, service_of(site))
        assert count_files(site) == 0
