"""The site, its datasets and their parts."""

from __future__ import annotations

from datetime import date

from publisher.log import registry
from publisher.log.database.upgrade import migrate
from publisher.log.model import Dataset, Part, Site
from publisher.log.session import Session
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
        with self._session.database.write() as conn:
            return registry.init_site(conn, Site(base, tag_authority), self._session.clock())

    def site(self) -> Site:
        """Raises ``LogError('not-initialised')``."""
        with self._session.read() as conn:
            return registry.site(conn)

    def create(self, dataset: Dataset, catalogue: Catalogue) -> Dataset:
        with self._session.write() as conn:
            return registry.create_dataset(conn, dataset, catalogue, self._session.clock())

    def all(self) -> tuple[Dataset, ...]:
        with self._session.read() as conn:
            return registry.datasets(conn)

    def get(self, name: str) -> Dataset:
        """Raises ``LogError('no-such-dataset')``."""
        with self._session.read() as conn:
            return registry.dataset(conn, name)

    def add_part(self, dataset: str, part: Part) -> Dataset:
        with self._session.write() as conn:
            registry.add_part(conn, registry.dataset_row(conn, dataset).key, part, self._session.clock())
            return registry.dataset(conn, dataset)

    def rename_part(self, dataset: str, old: str, new: str) -> Dataset:
        with self._session.write() as conn:
            registry.rename_part(
                conn, registry.dataset_row(conn, dataset).key, old, new, self._session.clock()
            )
            return registry.dataset(conn, dataset)

    def merge_parts(self, dataset: str, old: str, into: str) -> Dataset:
        with self._session.write() as conn:
            registry.merge_parts(
                conn, registry.dataset_row(conn, dataset).key, old, into, self._session.clock()
            )
            return registry.dataset(conn, dataset)

    def close_part(self, dataset: str, name: str, *, valid_to: date) -> Dataset:
        with self._session.write() as conn:
            registry.close_part(
                conn, registry.dataset_row(conn, dataset).key, name, valid_to, self._session.clock()
            )
            return registry.dataset(conn, dataset)
