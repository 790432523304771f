"""The page of one revision of a record: where it was read, by which rules, and the proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from publisher.views.api.routes import origins as api
from publisher.views.pages import record
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.problems import ProblemError
from publisher.web.route import Reply
from schemas.definition.catalogue import Catalogue


class PrintedRow(msgspec.Struct, frozen=True):
    numbers: Sequence[int]
    own: bool
    texts: Mapping[str, str]
    cells: Mapping[str, str]


def origin(press: Press, visit: Visit) -> Reply:
    """Render a revision. Raises :class:`.record.GoneError` once its record was erased."""
    visit.refuse_parameters()
    service = visit.service
    try:
        revision, entry, validity = api.read_origin(service, visit.call)
    except ProblemError as problem:
        if problem.tombstone is None:
            raise
        dataset = service.dataset(problem.tombstone.dataset)
        events = record.timeline(visit, dataset, problem.tombstone.id)
        raise record.GoneError(problem, dataset, events) from None
    dataset = service.dataset(revision.dataset)
    catalogue = service.catalogue(revision.dataset, revision.release)
    head = Head(
        title=visit.t("来历与存证", "Origin and proof") + f" · {revision.title}",
        description=visit.t(
            "这一内容从哪个文件的哪一处读取，按哪些规则识读，由哪次发布公布，如何核验。",
            "The file and the place where it was read, the rules, the release, and how to verify it.",
        ),
        column=dataset.title,
        data=visit.link(f"/v1{visit.path}"),
    )

    def build() -> bytes:
        rows = [
            PrintedRow(row.rows, row.own, api.row_texts(catalogue, row), row.locator.get("cells") or {})
            for row in revision.neighbourhood
        ]
        return press.page(
            "origin.html",
            visit,
            head,
            dataset=dataset,
            revision=revision,
            release=service.release(revision.dataset, revision.release),
            entry=entry,
            rows=rows,
            columns=_columns(visit, catalogue, rows),
            readings=api.field_readings(catalogue, revision),
            typed=api.is_typed(revision),
            data=visit.link(f"/v1{visit.path}"),
        )

    return Reply(validity, build, HEADERS)


def _columns(visit: Visit, catalogue: Catalogue, rows: Sequence[PrintedRow]) -> Sequence[tuple[str, str]]:
    """Return name and title of every field with a text in one of the rows."""
    used = {name for row in rows for name in row.texts}
    return [(f.name, visit.title_of(f)) for f in catalogue.fields if f.name in used]
