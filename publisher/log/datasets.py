"""The site, its datasets and their parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import structs
from sqlalchemy import Connection

from publisher.log import registry
from publisher.log.clocks import micros
from publisher.log.database.storable_text import join_lines, storable
from publisher.log.database.upgrade import migrate
from publisher.log.descriptions import SiteDetails
from publisher.log.model import Dataset, LogError, Part, Site
from publisher.log.releases.release_writer import queue_all_spans
from publisher.log.session import Session
from publisher.log.transparency import description_entries
from schemas.definition.catalogue import Catalogue

_REQUIRED = {"title": "标题", "body": "公布机关", "licence": "许可", "contact": "联系方式"}
"""Details that no dataset lacks → their Chinese names."""
_IN_A_LINE = (*_REQUIRED, "title_en", "division")
"""Details without line breaks: mails, feeds and files state them in a line."""
_SEARCHED = {"body", "division"}
"""Details by which search finds records that name no body and no division."""


class Datasets:
    """``log.datasets``: details of the site; create, list and change datasets and their parts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def init_site(self, base: str, tag_authority: str) -> Site:
        """Raises ``LogError('already-initialised')``."""
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

    def site_created_at(self) -> datetime:
        """Return the time of ``init_site``. Raises ``LogError('not-initialised')``."""
        return self._session.read_once(registry.site_created_at)

    def site_details(self) -> tuple[SiteDetails, datetime | None]:
        """Return the details of the site, and when they were last changed; None: never."""
        return self._session.read_once(registry.site_details)

    def site_details_at(self, position: int) -> SiteDetails:
        """Return the details that were stated when the entry at a position of the log was appended."""
        with self._session.read() as conn:
            return description_entries.site_details_at(conn, position)

    def change_site(self, **changes: str) -> SiteDetails:
        """Change details of the site, as an entry of the log. Blank: no longer stated."""
        now = self._session.clock()
        with self._session.append() as conn:
            before, _ = registry.site_details(conn)
            after = structs.replace(
                before, **{name: join_lines(storable(text)) for name, text in changes.items()}
            )
            if after != before:
                registry.change_site(conn, after, now)
                description_entries.append_site(conn, micros(now))
            return after

    def change(self, dataset: str, **details: Any) -> Dataset:
        """Change details of a dataset (title, body, licence, …), as an entry of the log.

        Its name stays, because addresses and ids contain it. Raises ``LogError``: ``no-such-dataset``,
        ``detail-missing`` (title, body, licence and contact cannot be blank).
        """
        details = _clean_details(details)
        current = self.get(dataset)
        changed = {name: value for name, value in details.items() if getattr(current, name) != value}
        if not changed:
            return current

        def change(conn: Connection, key: int, now: datetime) -> None:
            registry.change_dataset(conn, key, changed, now)
            if _SEARCHED & changed.keys():
                queue_all_spans(conn, key, micros(now))

        return self._change(dataset, change)

    def create(self, dataset: Dataset, catalogue: Catalogue) -> Dataset:
        """Create a dataset with its parts, as an entry of the log.

        Raises ``LogError``: ``bad-dataset-name``, ``dataset-exists``, ``part-exists``, ``detail-missing``.
        """
        details = _clean_details({name: getattr(dataset, name) for name in _IN_A_LINE})
        dataset = structs.replace(dataset, **details, parts=tuple(map(_clean_part, dataset.parts)))
        now = self._session.clock()
        with self._session.append() as conn:
            created = registry.create_dataset(conn, dataset, catalogue, now)
            description_entries.append_dataset(
                conn, registry.dataset_row(conn, dataset.name).key, micros(now)
            )
            return created

    def all(self) -> tuple[Dataset, ...]:
        """List the datasets by name."""
        with self._session.read() as conn:
            return registry.datasets(conn)

    def get(self, name: str) -> Dataset:
        """Raises ``LogError('no-such-dataset')``."""
        with self._session.read() as conn:
            return registry.dataset(conn, name)

    def headings(self, dataset: str) -> Mapping[str, str]:
        """Return headings of its files that its catalogue does not know, each with the field that it means.

        Raises ``LogError('no-such-dataset')``.
        """
        with self._session.read() as conn:
            return registry.headings(conn, registry.dataset_row(conn, dataset).key)

    def set_headings(self, dataset: str, headings: Mapping[str, str | None]) -> None:
        """Set the fields that headings in files of the dataset mean from now on; None: no field any more.

        They concern the reading of files into drafts, and are not an entry of the log.
        """
        with self._session.write() as conn:
            key = registry.dataset_row(conn, dataset).key
            changed = {**registry.headings(conn, key), **headings}
            registry.store_headings(conn, key, {name: field for name, field in changed.items() if field})

    def add_part(self, dataset: str, part: Part) -> Dataset:
        """Add a part. Raises ``LogError``: ``no-such-dataset``, ``part-exists``, ``detail-missing``."""
        part = _clean_part(part)
        return self._change(dataset, lambda conn, key, now: registry.add_part(conn, key, part, now))

    def rename_part(self, dataset: str, old: str, new: str) -> Dataset:
        """Rename a part; the old name stays an alias.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-part``, ``part-exists``, ``detail-missing``.
        """
        new = _clean_name(new)
        return self._change(dataset, lambda conn, key, now: registry.rename_part(conn, key, old, new, now))

    def merge_parts(self, dataset: str, old: str, into: str) -> Dataset:
        """Assign the records of a part to another one; their history and ids stay.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-part``, ``same-part``, ``part-in-draft``.
        """
        return self._change(dataset, lambda conn, key, now: registry.merge_parts(conn, key, old, into, now))

    def close_part(self, dataset: str, name: str, *, valid_to: date) -> Dataset:
        """Let another part take over the records of a part from a day on, without a file of its own.

        Raises ``LogError``: ``no-such-dataset``, ``no-such-part``.
        """
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


def _clean_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """Return details as they are stored. Raises ``LogError('detail-missing')`` if a required one is blank."""
    own = {name: join_lines(details[name]) for name in _IN_A_LINE if details.get(name) is not None}
    for name, label in _REQUIRED.items():
        if name in own and not own[name]:
            raise _missing(f"数据集的{label}（{name}）", f"The {name} of a dataset")
    return {**details, **own}


def _clean_part(part: Part) -> Part:
    return structs.replace(part, name=_clean_name(part.name), aliases=tuple(map(_clean_name, part.aliases)))


def _clean_name(text: str) -> str:
    """Return the name of a part as it is stored. Raises ``LogError('detail-missing')`` if it is blank."""
    name = join_lines(storable(text))
    if not name:
        raise _missing("报送部门的名称", "The name of a part")
    return name


def _missing(zh: str, en: str) -> LogError:
    return LogError("detail-missing", f"{zh}不能为空。", f"{en} cannot be blank.")
