"""Fields that became personal by a migration: states from before it, and what it copied, still have them."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from msgspec import structs

from publisher.log.model import RecordState, View
from publisher.log.queries.revision_origin import RevisionOrigin, SourceRow
from publisher.log.releases.provenance import keep_fields
from publisher.web.service import Service


def hidden_fields(service: Service, dataset: str, release: int | None = None) -> frozenset[str]:
    """List the personal fields of a dataset, and those that the catalogue of a release marks as personal.

    Empty for a dataset that never migrated, since nothing of a personal field was stored.
    """
    if not service.has_migrated(dataset):
        return frozenset()
    hidden = service.log.queries.personal_fields(dataset)
    if release is None:
        return hidden
    return hidden.union(field.name for field in service.catalogue(dataset, release).fields if field.personal)


def public_origin(service: Service, state: RecordState) -> RecordState:
    """Return a state without places and texts of hidden fields; its content stays as it was hashed."""
    hidden = hidden_fields(service, state.dataset, state.release)
    if not hidden:
        return state
    locator, originals = _without(state.locator_json, state.originals_json, hidden)
    return structs.replace(state, locator_json=locator, originals_json=originals)


def _without(locator: str, originals: str, hidden: Collection[str]) -> tuple[str, str]:
    """Return locator and originals, both JSON, without places and texts of these fields."""
    return keep_fields(locator, originals, lambda name: name not in hidden)


def public_revision(service: Service, origin: RevisionOrigin) -> RevisionOrigin:
    """Return a revision without places and texts of hidden fields; its content stays as it was hashed."""
    hidden = hidden_fields(service, origin.dataset, origin.release)
    if not hidden:
        return origin
    rows = tuple(_public_row(row, hidden) for row in origin.neighbourhood)
    return structs.replace(origin, row=_public_row(origin.row, hidden), neighbourhood=rows)


def _public_row(row: SourceRow, hidden: Collection[str]) -> SourceRow:
    encoded = msgspec.json.encode(row.locator).decode(), msgspec.json.encode(row.originals).decode()
    locator, originals = _without(*encoded, hidden)
    return structs.replace(
        row, locator=msgspec.json.decode(locator), originals=msgspec.json.decode(originals)
    )


def hidden_in_contents(service: Service, dataset: str, view: View) -> frozenset[str]:
    """List the fields that are left out of contents, also of records from before the migration.

    Contents in answers about a release or an instant stay as they were hashed.
    """
    if view.release is not None or view.known_at is not None:
        return frozenset()
    return hidden_fields(service, dataset)
