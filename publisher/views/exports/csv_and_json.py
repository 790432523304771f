"""CSV for spreadsheets; JSON and JSON Lines for programs, with contents byte for byte as in the log."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import batched
from pathlib import Path

import msgspec

from publisher.log.queries.whole_state import StateRow
from publisher.views.exports import table_cells
from publisher.views.exports.export import About, Rows
from schemas.definition.catalogue import Catalogue

_BATCH_ROWS = 1_000
_json = msgspec.json.encode


def write_csv(path: Path, about: About, rows: Rows) -> None:
    """Write CSV in UTF-8 with the byte order mark that Excel needs; line ends as in RFC 4180."""
    with path.open("wb") as file:
        file.write(codecs.BOM_UTF8)
        file.writelines(_lines([table_cells.headings(about.catalogue, about.lang)]))
        file.writelines(_lines(table_cells.rows(rows(), about.catalogue, about.lang)))


def exact_csv(states: Iterable[StateRow], catalogue: Catalogue) -> Iterator[bytes]:
    """Yield CSV for programs: no byte order mark, English names, lists and measures as JSON; guarded too."""
    yield from _lines([table_cells.headings(catalogue, "en")])
    yield from _lines(table_cells.rows(states, catalogue, "exact"))


def _lines(rows: Iterable[list[str]]) -> Iterator[bytes]:
    for lines in batched(map(_line, rows), _BATCH_ROWS):
        yield "".join(lines).encode()


def _line(cells: list[str]) -> str:
    """Join cells to the same line as ``csv.writer``, in half of its time."""
    line = ",".join(cells)
    if line.count(",") >= len(cells) or '"' in line or "\n" in line or "\r" in line:
        line = ",".join([_quote(c) if "," in c or '"' in c or "\n" in c or "\r" in c else c for c in cells])
    return f"{line}\r\n"


def _quote(cell: str) -> str:
    return f'"{cell.replace('"', '""')}"'


def encode_line(state: StateRow) -> bytes:
    """Encode the record as one JSON object."""
    part = b"null" if state.part is None else _json(state.part)
    return b'{"id":%b,"part":%b,"release":%d,"effective_from":"%b","revision":"%b","content":%b}' % (
        _json(state.id),
        part,
        state.release,
        table_cells.day(state.effective_from).encode(),
        state.revision.encode(),
        state.content,
    )


def write_json_lines(path: Path, _: About, rows: Rows) -> None:
    """Write one record a line, without metadata."""
    with path.open("wb") as file:
        for state in rows():
            file.write(encode_line(state) + b"\n")


def write_json(path: Path, about: About, rows: Rows) -> None:
    """Write one object: metadata, then ``records``, each on its own line."""
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
        "site": about.site.name,
        "owner": about.site.owner,
        "operator": about.site.operator,
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
        for state in rows():
            file.write(comma + encode_line(state))
            comma = b",\n"
        file.write(b"\n]}\n")
