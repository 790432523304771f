"""Tables to download: of search results, and of the lists of the whole site, of all their pages."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from litestar.concurrency import sync_to_thread

from publisher.views.exports.formats import FILE_FORMATS
from publisher.views.exports.xlsx import MEDIA_TYPE, MOST_ROWS, Sheets, fit_text, open_workbook
from publisher.views.pages.printing.page_request import Pairs, Visit
from publisher.web.conditional_requests import Validity
from publisher.web.range_download import disposition
from publisher.web.route import AsyncReply
from schemas.cells.formula_guard import guard_number, guard_text, is_numeric
from schemas.definition.catalogue import Field

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

CSV = "text/csv; charset=utf-8"
XLSX = MEDIA_TYPE
JSON_LINES = "application/jsonl; charset=utf-8"
FILES = {"xlsx": "XLSX", "csv": "CSV", "jsonl": "JSON Lines"}
"""Suffix → title."""
MEDIA = {"csv": CSV, "xlsx": XLSX, "jsonl": JSON_LINES}
"""Suffix → media type."""


class Number(msgspec.Struct, frozen=True):
    """A cell of a numeric field."""

    text: str


type Cell = str | Number
type Row = tuple[Cell, ...]
type Rows = AsyncIterator[Sequence[Row]]
type Batches[T] = AsyncIterator[Sequence[T]]
type FileHandler = Callable[[Visit], Awaitable[AsyncReply]]
"""Replies to a request with a file."""


def cell_of(field: Field | None, text: str) -> Cell:
    """Return the cell of a field's text. ``field``: None if its catalogue dropped it."""
    return Number(text) if is_numeric(field) else text


async def read_batches[T](batches: Iterator[Sequence[T]]) -> Batches[T]:
    """Read each batch of a list in a thread."""
    while (batch := await sync_to_thread(next, batches, None)) is not None:
        yield batch


def link_files(
    visit: Visit, path: str, pairs: Pairs, suffixes: Iterable[str] = FILES
) -> list[tuple[str, str]]:
    """Return the title and the address of the file of each suffix."""
    return [(FILES[suffix], visit.url(f"{path}.{suffix}", pairs)) for suffix in suffixes]


def link_state_files(visit: Visit, dataset: str, release: int | None = None) -> list[tuple[str, str]]:
    """Return the title and the address of the files of a list, in every format, Excel first.

    ``release``: None for the page's day. Headings are in the language of the page.
    """
    state = f"/v1/datasets/{dataset}" + (f"/releases/{release}" if release is not None else "")
    clocks = visit.clocks if release is None else ()
    return [
        (
            visit.title_of(form),
            visit.link(
                f"{state}/files/{form.name}", (*clocks, *(headings_of(visit) if form.has_headings else ()))
            ),
        )
        for form in sorted(FILE_FORMATS.values(), key=lambda form: form.name != "xlsx")
    ]


def headings_of(visit: Visit) -> Pairs:
    """Return the parameter with which a file of the API has headings in the reader's language."""
    return (("headers", "en"),) if visit.text_lang == "en" else ()


class ListFile[T](msgspec.Struct, frozen=True):
    """A list of the site, as a file. ``rows`` and ``answers`` are called in a thread."""

    title: str
    """Name of the file."""
    name: str
    """Name of the file in ASCII."""
    validity: Validity
    headings: Sequence[tuple[str, str]]
    """In Chinese and English."""
    batches: Callable[[], Batches[T]]
    """Reads the list, of all pages."""
    rows: Callable[[Sequence[T]], Iterable[Row]]
    sheet: str = ""
    """Name of its sheet, if that is not the title."""
    answers: Callable[[Sequence[T]], Iterable[object]] | None = None
    """The answers of the API for each, one a line of JSON Lines; None: there is no such file."""

    def reply(self, visit: Visit, suffix: str) -> AsyncReply:
        """Reply with the file of a suffix of :data:`MEDIA`."""

        async def rows() -> Rows:
            async for batch in self.batches():
                yield await sync_to_thread(self._rows_of, batch)

        async def build() -> bytes:
            headings = tuple(visit.t(*heading) for heading in self.headings)
            match suffix:
                case "csv":
                    return await write_csv(headings, rows())
                case "xlsx":
                    return await write_xlsx(headings, rows(), self.sheet or self.title)
                case _:
                    return b"".join([await sync_to_thread(self._encode, b) async for b in self.batches()])

        file = disposition(f"{self.title}.{suffix}", f"{self.name}.{suffix}")
        return AsyncReply(self.validity, build, {"content-disposition": file})

    def _rows_of(self, batch: Sequence[T]) -> list[Row]:
        return list(self.rows(batch))

    def _encode(self, batch: Sequence[T]) -> bytes:
        answers = self.answers(batch) if self.answers else ()
        return b"".join(msgspec.json.encode(answer) + b"\n" for answer in answers)


async def write_csv(headings: Sequence[str], pages: Rows) -> bytes:
    target = io.BytesIO(b"\xef\xbb\xbf")
    target.seek(0, io.SEEK_END)
    text = io.TextIOWrapper(target, encoding="utf-8", errors="replace", newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    async for rows in pages:
        writer.writerows([*map(_guard, row)] for row in rows)
    text.flush()
    return target.getvalue()


def _guard(cell: Cell) -> str:
    return guard_number(cell.text) if isinstance(cell, Number) else guard_text(cell)


async def write_xlsx(headings: Sequence[str], pages: Rows, name: str) -> bytes:
    target = io.BytesIO()
    book = open_workbook(target)

    def head(sheet: Worksheet) -> None:
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 1, 36)
        sheet.set_column(2, 5, 14)
        sheet.set_column(6, 6, 60)
        sheet.autofilter(0, 0, MOST_ROWS, len(headings) - 1)
        _write(sheet, 0, headings)

    sheets = Sheets(book, name, head)

    def add(rows: Sequence[Row]) -> None:
        for row in rows:
            _write(*sheets.next_row(), row)

    try:
        async for rows in pages:
            await sync_to_thread(add, rows)
    finally:  # close the workbook to delete its temporary files
        await sync_to_thread(book.close)
    return target.getvalue()


def _write(sheet: Worksheet, y: int, row: Iterable[Cell]) -> None:
    for x, cell in enumerate(row):
        sheet.write_string(y, x, fit_text(cell.text if isinstance(cell, Number) else cell))
