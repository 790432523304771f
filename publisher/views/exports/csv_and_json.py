"""CSV for spreadsheets; JSON and JSON Lines for programs, their contents byte for byte those of the log."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import batched
from pathlib import Path
from typing import Any

import msgspec

from publisher.log.queries.whole_state import Stated
from publisher.views.exports import table_cells
from publisher.views.exports.export import About, Rows
from schemas.definition.catalogue import Catalogue

_ROWS = 1_000
_json = msgspec.json.encode


def write_csv(path: Path, about: About, rows: Rows) -> None:
    """UTF-8 with the mark by which Excel knows it; lines end as RFC 4180 has it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table_cells.headings(about.catalogue, about.lang))
        writer.writerows(table_cells.rows(rows(), about.catalogue, about.lang))


def exact_csv(stated: Iterable[Stated], catalogue: Catalogue) -> Iterator[bytes]:
    """For programs: no mark, English names, lists and measures as JSON. Texts are guarded all the same."""
    yield _lines([table_cells.headings(catalogue, "en")])
    for some in batched(table_cells.rows(stated, catalogue, "exact"), _ROWS):
        yield _lines(some)


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def line(one: Stated) -> bytes:
    """The record as one JSON object."""
    part = b"null" if one.part is None else _json(one.part)
    return b'{"id":%b,"part":%b,"release":%d,"effective_from":"%b","revision":"%b","content":%b}' % (
        _json(one.id),
        part,
        one.release,
        table_cells.day(one.effective_from).encode(),
        one.revision.encode(),
        one.content,
    )


def write_lines(path: Path, _: About, rows: Rows) -> None:
    with path.open("wb") as file:
        for one in rows():
            file.write(line(one) + b"\n")


def write_json(path: Path, about: About, rows: Rows) -> None:
    """One object: what it is, then ``records``, each on a line of its own."""
    d, r = about.dataset, about.release
    head = {
        "dataset": d.name,
        "title": d.title,
        "title_en": d.title_en,
        "body": d.body,
        "licence": d.licence,
        "notice": d.notice,
        "source_note": d.source_note,
        "contact": d.contact,
        "address": about.address,
        "release": r.number if r else None,
        "as_of": about.view.as_of,
        "known_at": about.view.known_at,
        "published_at": r.published_at if r else None,
        "hash": r.hash if r else None,
        "erased": about.erased,
    }
    with path.open("wb") as file:
        file.write(_json(head)[:-1] + b',"records":[')
        comma = b"\n"
        for one in rows():
            file.write(comma + line(one))
            comma = b",\n"
        file.write(b"\n]}\n")
