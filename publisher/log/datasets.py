"""The site, its datasets and their parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy import Connection

from publisher.log import registry
from publisher.log.clocks import micros
from publisher.log.database.upgrade import migrate
from publisher.log.model import Dataset, Part, Site
from publisher.log.session import Session
from publisher.log.transparency import description_entries
from schemas.definition.catalogue import Catalogue


class Datasets:
    """``log.datasets``: create and list datasets; add, rename, merge and close parts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def init_site(self, base: str, tag_authority: str) -> Site:
        """Raises ``LogError('already-initialised')``."""
        if self._session.database.file is not None:
            self._session.database.file.parent.mkdir(parents=True, exist_ok=True)
        migrate(self._session.database)
        now = self._session.clock()
        with self._session.append() as conn:
            site = registry.init_site(conn, Site(base, tag_authority), now)
            description_entries.append_site(conn, micros(now))
            return site

    def site(self) -> Site:
        """Raises ``LogError('not-initialised')``."""
        with self._session.read() as conn:
            return registry.site(conn)

    def create(self, dataset: Dataset, catalogue: Catalogue) -> Dataset:
        now = self._session.clock()
        with self._session.append() as conn:
            created = registry.create_dataset(conn, dataset, catalogue, now)
            description_entries.append_dataset(
                conn, registry.dataset_row(conn, dataset.name).key, micros(now)
            )
            return created

    def all(self) -> tuple[Dataset, ...]:
        with self._session.read() as conn:
            return registry.datasets(conn)

    def get(self, name: str) -> Dataset:
        """Raises ``LogError('no-such-dataset')``."""
        with self._session.read() as conn:
            return registry.dataset(conn, name)

    def add_part(self, dataset: str, part: Part) -> Dataset:
        return self._change(dataset, lambda conn, key, now: registry.add_part(conn, key, part, now))

    def rename_part(self, dataset: str, old: str, new: str) -> Dataset:
        return self._change(dataset, lambda conn, key, now: registry.rename_part(conn, key, old, new, now))

    def merge_parts(self, dataset: str, old: str, into: str) -> Dataset:
        return self._change(dataset, lambda conn, key, now: registry.merge_parts(conn, key, old, into, now))

    def close_part(self, dataset: str, name: str, *, valid_to: date) -> Dataset:
        return self._change(
            dataset, lambda conn, key, now: registry.close_part(conn, key, name, valid_to, now)
        )

    def _change(self, dataset: str, change: Callable[[Connection, int, datetime], None]) -> Dataset:
        """Change the rows of a dataset and append its new state to the entries."""
        now = self._session.clock()
        with self._session.append() as conn:
            key = registry.dataset_row(conn, dataset).key
            change(conn, key, now)
            description_entries.append_dataset(conn, key, micros(now))
            return registry.dataset(conn, dataset)
