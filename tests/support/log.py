"""A small log: a catalogue, and one function each to stage and to publish an import."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text

from publisher.log.log import Log
from publisher.log.model import Dataset, DraftEntry, Part, RecordQuery, Release, Source, View
from publisher.log.releases import span_rebuild
from publisher.log.verification.integrity import Scope
from schemas.definition.catalogue import Catalogue
from schemas.definition.file_loader import parse_catalogue
from tests.support.datasets import make_dataset

EARLY, MIDDLE, LATE = date(2015, 1, 1), date(2016, 1, 1), date(2017, 1, 1)


def field(name: str, title: str, kind: str = "string", /, **own: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "title": title,
        "description": title,
        "qingdan": {"title_en": name.capitalize(), **own},
    }


def catalogue(
    *,
    running: bool = False,
    fields: Sequence[dict[str, Any]] = (),
    identity: Sequence[str] = ("name", "place"),
) -> Catalogue:
    """Catalogue identified by name and place; standard, rate and kind may change."""
    own: dict[str, Any] = {
        "name": "test-fees",
        "title": {"zh": "收费", "en": "Fees"},
        "item": "收费项目",
        "description": "收费 / Fees",
        "identity": [list(identity)],
        "title_field": "name",
    }
    if running:
        own["running"] = True
    own_fields = [
        field("name", "名称"),
        field("place", "地点"),
        field("standard", "标准"),
        field("rate", "费率", "integer"),
        field("kind", "种类", facet=True),
        *fields,
    ]
    schema = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "qingdan": own,
        "fields": own_fields,
    }
    return parse_catalogue(json.dumps(schema, ensure_ascii=False))


def fees_dataset(
    name: str = "fees", *, parts: Sequence[str] = ("财政局", "民政局")
) -> tuple[Dataset, Catalogue]:
    titles = {"title": "示例收费", "title_en": "Sample fees", "body": "示例市财政局"}
    contact = "open@data.example.gov.cn"
    own = catalogue()
    return make_dataset(name, own.name, **titles, contact=contact, parts=tuple(map(Part, parts))), own


def entry(name: str, standard: str = "1", *, cells: str | None = None, **content: Any) -> DraftEntry:
    """Build an entry; ``cells``: the publisher's text, if it differs from the value."""
    return DraftEntry(
        content={"name": name, "standard": standard, **content},
        source_text=f"{name}|{cells or standard}",
        locator={"sheet": "收费", "rows": [int(standard) if standard.isdigit() else 1]},
    )


def put_workbook(log: Log, text: str = "a workbook") -> Source:
    return log.evidence.put_source(text.encode(), name=f"{text}.xls", media_type="application/vnd.ms-excel")


def stage(
    log: Log,
    *entries: DraftEntry,
    part: str | None = "财政局",
    dataset: str = "fees",
    partial: bool = False,
    file: str = "a workbook",
) -> None:
    """Stage an import. ``file``: the text of its file."""
    source = put_workbook(log, file)
    log.drafts.stage(dataset, entries, part=part, source=source, parser_version="test 1", partial=partial)


def release(
    log: Log,
    *entries: DraftEntry,
    on: date = EARLY,
    part: str | None = "财政局",
    dataset: str = "fees",
    **options: Any,
) -> Release:
    """Stage one import and publish it."""
    stage(log, *entries, part=part, dataset=dataset)
    published = log.releases.publish(dataset, effective_on=on, **options)
    assert published is not None
    return published


def rebuild_spans(log: Log) -> int:
    """Rebuild the spans from the changes, as a repair does. → how many differed."""
    session = log._session
    with session.write() as conn:
        return span_rebuild.rebuild_spans(session.database, conn, session.clock())


def standards(log: Log, view: View | None = None, dataset: str = "fees") -> dict[str, str]:
    """Name → standard of the records in force."""
    page = log.queries.records(dataset, RecordQuery(view=view or View(), limit=1000))
    return {str(r.content["name"]): str(r.content["standard"]) for r in page.records}


def ids(log: Log, dataset: str = "fees") -> dict[str, str]:
    """Name → record id."""
    page = log.queries.records(dataset, RecordQuery(limit=1000))
    return {str(r.content["name"]): r.id for r in page.records}


def problems_after(log: Log, statement: str) -> list[str]:
    """Damage the site, list the problems that are reported, and roll the damage back."""
    with log._session.database.write(keep=False) as conn:
        conn.execute(text(statement))
        return [str(problem) for problem in log.integrity.check(conn, Scope())]


def count_documents(log: Log) -> int:
    """Count what the index should have: states, removals, and withdrawals by their title."""
    return sum(1 for s in log.queries.spans() if (s.title if s.status == "withdrawn" else s.content))
