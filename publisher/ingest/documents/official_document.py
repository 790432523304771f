"""The page of an official document → one record: labelled lines and meta tags, then the letter itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence, Set
from datetime import date

from publisher.ingest.documents import (
    labelled_lines,
    letter_parts,
    page_lines,
    relations,
    section_outline,
    table_to_markdown,
)
from publisher.ingest.documents.labelled_lines import Said
from publisher.ingest.documents.letter_parts import Letter
from publisher.ingest.documents.page_lines import Line, Page
from publisher.ingest.findings import documents as kinds
from publisher.ingest.findings.files import TOO_LARGE
from publisher.ingest.findings.kind import Finding, Kind, Place, of_value
from publisher.ingest.findings.tables import REQUIRED_MISSING
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.parsed_file import ImportedRecord, LeftOut, Reading, SheetReport, UnreadableFile
from schemas.cells.quantities import read_date
from schemas.cells.values import parse_value
from schemas.definition.catalogue import Catalogue, Content, Json
from schemas.reference.damaged_numbers import Repair, repair
from schemas.reference.document_numbers import find

PARSER_VERSION = "2"
MAX_TEXT = 4 << 20
"""Characters; the longest documents of state organs have a tenth of it."""
MOST_REPAIRS = 50
"""In one line; a page with more is not damaged but made to keep us busy."""
_EFFECT = re.compile(
    r"自(?:(?P<day>\d{4}年\d{1,2}月\d{1,2}日)|(?:公布|发布|印发)之日)起(?:正式)?(?:施行|实施|执行|生效)"
)
_DAY = re.compile(r"\d{4}\s?[年.\-/]\s?\d{1,2}\s?[月.\-/]\s?\d{1,2}\s?日?")


def read_document(text: str, *, name: str, digest: str, media_type: str, catalogue: Catalogue) -> Reading:
    """One record of ``catalogue`` (``policies``) from a page's text, or its source where it is HTML.

    Rows are the lines that are not blank; the record holds all but page furniture and further copies.
    Raises :class:`~publisher.ingest.parsed_file.UnreadableFile` where the page holds no text of a document.
    """
    if len(text) > MAX_TEXT:
        raise ReaderError(TOO_LARGE, f"{len(text)} > {MAX_TEXT}").unreadable(name)
    try:
        found = page_lines.of_html(text) if media_type == "text/html" else page_lines.of_text(text)
    except ReaderError as problem:
        raise problem.unreadable(name) from problem
    return read_page(found, name=name, digest=digest, media_type=media_type, catalogue=catalogue)


def read_page(found: Page, *, name: str, digest: str, media_type: str, catalogue: Catalogue) -> Reading:
    """As :func:`read_document`, of a page that was opened. Raises ``UnreadableFile``."""
    document = _Document(name, catalogue, found)
    record = document.read()
    left_out = sorted(document.left_out, key=lambda x: x.row)
    report = SheetReport("", len(found.lines), 1, len(record.rows) - 1, len(left_out))
    return Reading(
        file=name,
        digest=digest,
        media_type=media_type,
        catalogue=catalogue.name,
        parser_version=PARSER_VERSION,
        sheets=(report,),
        records=(record,),
        left_out=tuple(left_out),
        findings=tuple(document.findings),
    )


class _Document:
    """Gathers what one page says; values go through the catalogue's own readers."""

    def __init__(self, name: str, catalogue: Catalogue, found: Page) -> None:
        self._name = name
        self._catalogue = catalogue
        self._page = found
        self._labels = labelled_lines.Labels(catalogue)
        self._content: Content = {}
        self._originals: dict[str, str] = {}
        self._cells: dict[str, str] = {}
        self._said: dict[str, str] = {}
        self.findings: list[Finding] = []
        self.left_out: list[LeftOut] = []

    def read(self) -> ImportedRecord:
        lines = self._without_copies(self._without(self._without_furniture(), self._page.outside))
        if self._tells_nothing(lines):
            lines = self._without(lines, page_lines.outside_main(self._page))
        labelled = self._labels.read(lines)
        values = labelled.values | self._from_meta()
        title = values["title"].text if "title" in values else ""
        rest = [line for line in lines if line.number not in labelled.taken]
        parts = letter_parts.take_apart(rest, title or self._page.heading)
        self._leave_out(parts.before)
        if not parts.body and not parts.number:
            raise UnreadableFile(kinds.NO_DOCUMENT.at(Place(self._name)))
        for field, said in values.items():
            if field not in {"title", "number"}:
                self._put(field, said.text, said.line)
        self._letter(parts, values)
        return self._record({line.number for line in lines} - {line.number for line in parts.before}, parts)

    def _record(self, numbers: set[int], parts: Letter) -> ImportedRecord:
        first = parts.title_line or parts.number_line or min(numbers)
        rows = (first, *sorted(numbers - {first}))
        for f in self._catalogue.fields:
            if f.required and f.name not in self._content:
                self.findings.append(REQUIRED_MISSING.at(Place(self._name, row=first), title=f.title))
        order = [f.name for f in self._catalogue.fields if f.name in self._content]
        source = "\x1e".join(f"{field}\x1f{self._said[field]}" for field in sorted(self._said))
        return ImportedRecord(
            content={field: self._content[field] for field in order},
            originals=self._originals,
            sheet="",
            rows=rows,
            cells=self._cells,
            source_text=hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest(),
            in_error=any(finding.severity == "error" for finding in self.findings),
        )

    def _without_furniture(self) -> list[Line]:
        kept = []
        for line in self._page.lines:
            if page_lines.is_furniture(line):
                self._leave_out([line])
            else:
                kept.append(line)
        return kept

    def _without_copies(self, lines: Sequence[Line]) -> list[Line]:
        kept, dropped, odd = page_lines.copies(lines, self._labels.read(lines).taken)
        if dropped:
            self.left_out += (LeftOut("", line.number, "duplicate", line.text[:60]) for line in dropped)
            times = 1 + sum(line.key == dropped[0].key for line in dropped)
            self._note(kinds.DOCUMENT_TWICE, dropped[0].number, dropped[0].text, times=times)
        if odd:
            self._note(kinds.COPIES_DIFFER, odd[0].number, odd[0].text, count=len(odd))
        return kept

    def _tells_nothing(self, lines: Sequence[Line]) -> bool:
        """No element that holds the text, no meta tag, no label and no number: news, or an old page."""
        found = self._page
        told = found.outside or not found.source or self._from_meta() or self._labels.read(lines).taken
        return not told and not any(letter_parts.is_number(line.text) for line in lines)

    def _without(self, lines: Sequence[Line], outside: Set[int]) -> list[Line]:
        menus = self._menus([line for line in lines if line.number in outside])
        self._leave_out(menus)
        gone = {line.number for line in menus}
        return [line for line in lines if line.number not in gone]

    def _menus(self, outside: Sequence[Line]) -> list[Line]:
        """Outside the element of the text stand menus, and the title, the number and labelled lines."""
        heading = re.sub(r"\s", "", self._page.heading)
        labelled = self._labels.read(outside).taken
        own = (
            line.number in labelled or line.key == heading or letter_parts.is_number(line.text)
            for line in outside
        )
        return [line for line, belongs in zip(outside, own, strict=True) if not belongs]

    def _from_meta(self) -> dict[str, Said]:
        found: dict[str, Said] = {}
        for tag, text in self._page.meta.items():
            field = self._labels.field_of(tag)
            if field is not None:
                found.setdefault(field, Said(text, 0, tag))
        return found

    def _letter(self, parts: Letter, values: Mapping[str, Said]) -> None:
        self._put("title", parts.title, parts.title_line)
        number = values.get("number") or Said(parts.number, parts.number_line, "")
        self._put("number", number.text, number.line)
        if "number" not in self._content:
            self._note(kinds.WITHOUT_NUMBER, parts.title_line)
        self._put("recipients", parts.recipients, parts.recipients_line)
        order = letter_parts.number_in(number.text)
        is_order = order is not None and order.kind == "order"
        if "issuer" not in self._content:
            signed = "、".join(parts.signature) or letter_parts.issuer_of(parts.title)
            by_order = order.issuer.removesuffix("令") if order is not None and is_order else ""
            self._put("issuer", signed or by_order, parts.signature_line or parts.title_line)
        self._put("kind", "命令" if is_order else letter_parts.kind_of(parts.title), parts.title_line)
        if "date_written" not in self._content:
            self._date(parts, values.get("date_published"))
        body = section_outline.compose(*table_to_markdown.paragraphs(parts.body, parts.signed))
        self._content["body_markdown"] = body.markdown
        self._said["body_markdown"] = "\n".join(line.raw.strip() for line in parts.body)
        if parts.body:
            self._cells["body_markdown"] = f"A{parts.body[0].number}"
        if body.outline:
            self._content["outline"] = list(body.outline)
        self._references(parts)
        self._relations(parts)
        if "effective_on" not in self._content:
            self._effect(parts)

    def _effect(self, parts: Letter) -> None:
        """自2016年1月1日起施行, or 自公布之日起施行: then the day of publication, else of signature."""
        for line in reversed(parts.body):
            match = _EFFECT.search(line.text) if line.spot is None else None
            if match is None:
                continue
            day = self._content.get("date_published") or self._content.get("date_written")
            if match["day"]:
                self._put("effective_on", match["day"], line.number)
            elif day is not None and "effective_on" in self._catalogue.by_name:
                self._set("effective_on", day, match[0], line.number)
            return

    def _relations(self, parts: Letter) -> None:
        lines = [line.text for line in parts.body]
        own = {self._content.get("number"), f"《{parts.title}》"}
        for field, find_them in (("explains", relations.explained), ("ends", relations.ended)):
            found: list[Json] = [name for name in find_them(parts.title, lines) if name not in own]
            if found and field in self._catalogue.by_name:
                self._content[field] = found

    def _date(self, parts: Letter, published: Said | None) -> None:
        day = self._content.get("date_published")
        evidence = {published.label: date.fromisoformat(day)} if published and isinstance(day, str) else {}
        if not parts.date:
            self._note(kinds.WITHOUT_DATE, parts.title_line)
            return
        mended = None if read_date(parts.date) else repair(parts.date, evidence)
        if mended is None:
            self._put("date_written", parts.date, parts.date_line)
            return
        self._set("date_written", mended.value, parts.date, parts.date_line)
        kind = kinds.DATE_REPAIRED if mended.value else kinds.DATE_AMBIGUOUS
        self._repaired(kind, mended, parts.date_line)

    def _references(self, parts: Letter) -> None:
        """Numbers and statutes that the text names, in order, each once; not the document itself."""
        own = {self._content.get("number"), None}
        found: dict[str, int] = {}
        damaged: list[str] = []
        for line in parts.body:
            named = {
                c.start: c.standard for c in find(line.text) if c.title not in parts.title or not c.title
            }
            for start, mended in _damaged_numbers(line.text):
                named[start] = mended.value or ""
                damaged.append(mended.original)
                self._repaired(kinds.NUMBER_REPAIRED, mended, line.number)
            for start in sorted(named):
                found.setdefault(named[start], line.number)
        references: list[Json] = [text for text in found if text and text not in own]
        if references:
            self._content["references"] = references
            self._cells["references"] = f"A{found[str(references[0])]}"
        if damaged:
            self._originals["references"] = "；".join(dict.fromkeys(damaged))

    def _put(self, field: str, text: str, line: int) -> None:
        if not text or field not in self._catalogue.by_name:
            return
        f = self._catalogue.by_name[field]
        day = _DAY.search(text) if f.type == "date" else None
        value = parse_value(f, day[0] if day else text)
        if value.problem is not None:
            place = Place(self._name, row=line or None, column=f.title)
            self.findings.append(of_value(value.problem, place, text))
        self._set(field, value.value, text, line)

    def _set(self, field: str, value: Json, text: str, line: int) -> None:
        self._said[field] = text
        if value is not None:
            self._content[field] = value
            if line:
                self._cells[field] = f"A{line}"
        if value != text:
            self._originals[field] = text

    def _repaired(self, kind: Kind, mended: Repair, line: int) -> None:
        words = {"because": mended.because_zh, "because_en": mended.because_en}
        self._note(kind, line, mended.original, **words)

    def _note(self, kind: Kind, line: int, found: str = "", **words: object) -> None:
        self.findings.append(kind.at(Place(self._name, row=line or None), found, **words))

    def _leave_out(self, lines: Sequence[Line]) -> None:
        self.left_out += (LeftOut("", line.number, "note", line.text[:60]) for line in lines)


def _damaged_numbers(text: str) -> list[tuple[int, Repair]]:
    found: list[tuple[int, Repair]] = []
    start = 0
    for _ in range(MOST_REPAIRS):
        mended = repair(text[start:])
        if mended is None:
            break
        if mended.kind == "number":
            found.append((start + mended.start, mended))
        start += mended.start + len(mended.original)
    return found
