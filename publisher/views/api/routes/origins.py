"""Route: where one revision of a record was read, and the proof that it was published."""

from __future__ import annotations

import re

from openapi.operation import Operation, Parameter
from publisher.ingest import reading_rules
from publisher.log.model import LogError, View
from publisher.log.queries.revision_origin import RevisionOrigin, SourceRow
from publisher.views.api import cell_excerpts, personal_fields, requested_view, titles
from publisher.views.api.answers import common
from publisher.views.api.answers import origins as answers
from publisher.views.api.answers import proofs as log_answers
from publisher.views.api.parameter_docs import DATASET, RECORD
from publisher.views.api.routes import proofs
from publisher.views.api.routes.datasets import source_answer
from publisher.views.api.routes.records import gone_problem
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.route import AnyRoute, Call, Reply, route
from publisher.web.service import Service
from schemas.definition.catalogue import Catalogue, Field

REVISION = Parameter(
    "revision",
    "修订版的校验值，即记录的 revision.hash / Hash of the revision: revision.hash of the record",
    {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    where="path",
    required=True,
)


@route(
    Operation(
        name="get_record_origin",
        path="/v1/datasets/{dataset}/records/{record}/revisions/{revision}",
        tag="records",
        summary="一个修订版的来历与存证",
        description="从哪个文件、哪个单元格、按哪些规则读成，属于哪次发布，以及日志中的存证证明；"
        "依法删除的返回410。\n\n"
        "The file, the cells and their neighbours, the rules that changed the text, the release, its entry "
        "in the log and its inclusion proof. 410 once it was erased.",
        answer=answers.RecordOrigin,
        parameters=(DATASET, RECORD, REVISION),
        problems=("no-such-dataset", "no-such-record", "no-such-revision", "erased"),
    )
)
def get_record_origin(service: Service, call: Call) -> Reply:
    requested_view.refuse_parameters(call)
    origin, entry, validity = read_origin(service, call)
    return Reply(validity, lambda: _answer(service, origin, entry))


def read_origin(service: Service, call: Call) -> tuple[RevisionOrigin, log_answers.LogEntry, Validity]:
    """Read a revision without texts of personal fields, and the entry of its release.

    Raises the problems of the operation.
    """
    name, record = requested_view.dataset_name(call), requested_view.record_id(call)
    revision = call.path["revision"]
    if not re.fullmatch(r"[0-9a-f]{64}", revision):
        raise ProblemError("no-such-revision")
    try:
        origin = personal_fields.public_revision(
            service, service.log.queries.revision_origin(name, record, revision)
        )
    except LogError as error:
        if error.code != "erased":
            raise
        raise gone_problem(service, service.log.queries.record(name, record, View())) from None
    entry = proofs.entry_answer(
        service, service.log.proofs.entry(service.release(name, origin.release).entry)
    )
    sequence = service.log.queries.sequence(name)  # the erasure of a neighbour changes the answer
    return origin, entry, Validity((revision, sequence, entry.size, entry.root, entry.checkpoint))


def _answer(service: Service, origin: RevisionOrigin, entry: log_answers.LogEntry) -> answers.RecordOrigin:
    catalogue = service.catalogue(origin.dataset, origin.release)
    release = service.release(origin.dataset, origin.release)
    dataset = service.link(f"/v1/datasets/{origin.dataset}")
    record, number = f"{dataset}/records/{origin.record}", f"{dataset}/releases/{origin.release}"
    return answers.RecordOrigin(
        dataset=origin.dataset,
        id=origin.record,
        title=origin.title,
        content=dict(origin.row.content),
        revision=common.Revision(hash=origin.hash, salt=origin.salt),
        typed=is_typed(origin),
        source=None if origin.source is None else source_answer(origin.source),
        source_text=origin.source_text,
        locator=dict(origin.row.locator),
        originals=dict(origin.row.originals),
        neighbourhood=tuple(_row(catalogue, row) for row in origin.neighbourhood),
        readings=field_readings(catalogue, origin),
        parser_version=origin.source.parser_version if origin.source else release.parser_version,
        software_version=release.software_version,
        release=origin.release,
        sequence=origin.sequence,
        manifest_line=origin.manifest_line.decode(),
        commitment=origin.provenance,
        entry=entry,
        links=answers.OriginLinks(
            self=f"{record}/revisions/{origin.hash}",
            record=f"{record}?release={origin.release}",
            release=number,
            document=f"{number}/document",
            manifest=f"{number}/manifest",
            dataset=dataset,
        ),
    )


def _row(catalogue: Catalogue, row: SourceRow) -> answers.OriginRow:
    return answers.OriginRow(
        record=row.record,
        own=row.own,
        rows=row.rows,
        cells=dict(row.locator.get("cells") or {}),
        texts=row_texts(catalogue, row),
    )


def is_typed(origin: RevisionOrigin) -> bool:
    """Report whether a clerk typed the revision, so that no file contains it."""
    return not origin.source_text


def row_texts(catalogue: Catalogue, row: SourceRow) -> dict[str, str]:
    """Return field → text of its cell, without personal fields.

    If the cells are not known, each field of the content has a text.
    """
    names = row.locator.get("cells") or row.content
    public = [name for name in names if not titles.is_personal(catalogue, name)]
    originals = {**row.originals, **cell_excerpts.mended_texts(row.locator)}
    return cell_excerpts.cell_texts(public, originals, row.content, lambda: catalogue)


def field_readings(catalogue: Catalogue, origin: RevisionOrigin) -> tuple[answers.FieldReading, ...]:
    """List the fields whose value differs from their text, with the rules; none if it was typed."""
    if is_typed(origin):
        return ()
    originals, fields = origin.row.originals, catalogue.by_name
    return tuple(
        _reading(fields[name], original, origin.row) for name, original in originals.items() if name in fields
    )


def _reading(field: Field, original: str, row: SourceRow) -> answers.FieldReading:
    cells, value = row.locator.get("cells") or {}, row.content.get(field.name)
    same_cell = cells.get(field.name) == cells.get(field.derived_from)
    derived = bool(field.derived_from) and field.derived_from in row.content and same_cell
    rules = reading_rules.find_rules(field, original, value, derived=derived)
    return answers.FieldReading(
        field=field.name,
        title=field.title,
        original=original,
        value=value,
        rules=tuple(answers.Rule(code=rule.code, title=rule.title, title_en=rule.title_en) for rule in rules),
    )


ROUTES: tuple[AnyRoute, ...] = (get_record_origin,)
