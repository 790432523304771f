"""The page of a release: changes, basis, sources and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from publisher.log.model import Change, Dataset, Release
from publisher.views.api import requested_view
from publisher.views.api.routes import files
from publisher.views.discovery import signposting
from publisher.views.pages.printing import field_html, labels, schema_org
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.table_file import link_state_files
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.conditional_requests import Validity
from publisher.web.route import Reply
from schemas.definition.catalogue import Catalogue
from schemas.words import KINDS

MOST = 100
"""Maximum number of changes on the page. The comparison with the previous release has all of them."""


def release(press: Press, visit: Visit) -> Reply:
    service = visit.service
    visit.refuse_parameters()
    name, number = requested_view.dataset_name(visit.call), requested_view.release_number(visit.call)
    release = service.release(name, number)
    dataset = service.log.datasets.get(name)
    sequence = service.log.queries.sequence(name)
    release_files, files_validity = files.release_files(service, name, number)
    first = service.first_checkpoint(release)
    own_files = [(file.address, file.media_type.partition(";")[0]) for file in release_files.files]
    links = signposting.of_release(service.site.base, dataset, number, own_files)
    catalogue = service.catalogue(name, number)

    def build() -> bytes:
        changes = service.log.queries.changes(dataset=name, release=number, limit=MOST)
        releases = service.log.queries.releases(name)
        return press.page(
            "release.html",
            visit,
            schema_org.release_head(visit, dataset, catalogue, release, links),
            **_variables(visit, dataset, service.catalogue_of_changes(name, number), release, changes),
            cancelled_by=next((r.number for r in releases if r.cancels == number), None),
            next_number=next((r.number for r in releases if r.previous_number == number), None),
            files=link_state_files(visit, name, number),
            signed_at=first.signed_at if first else None,
        )

    # The page links to later releases and generated files, so it is not pinned.
    validity = Validity((release.hash, release.erased, dataset, sequence, files_validity.tokens, first))
    return Reply(validity, build, HEADERS, lambda _: {"link": signposting.header(links)})


def render_preview(
    press: Press,
    visit: Visit,
    dataset: Dataset,
    catalogue: Catalogue,
    release: Release,
    changes: Sequence[Change],
) -> Markup:
    """Render the content of the page of a release that is not published yet. It has no files and no hash."""
    return press.content(
        "release.html",
        visit,
        **_variables(visit, dataset, catalogue, release, changes[:MOST]),
        cancelled_by=None,
        next_number=None,
        files=(),
        signed_at=None,
    )


def _variables(
    visit: Visit, dataset: Dataset, catalogue: Catalogue, release: Release, changes: Sequence[Change]
) -> Mapping[str, Any]:
    """Return what the template shows of a release and its changes.

    ``catalogue``: of the changes; see :meth:`.Service.catalogue_of_changes`.
    """
    total = sum(release.counts.get(kind, 0) for kind in KINDS)
    return {
        "dataset": dataset,
        "release": release,
        "when": labels.when(visit, catalogue, release),
        "changes": [
            (change, field_html.format_differences(visit, catalogue, change.fields)) for change in changes
        ],
        "more": max(0, total - len(changes)),
    }
