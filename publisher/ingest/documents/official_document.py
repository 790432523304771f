"""Reader for the page of an official document: labels, meta tags and the letter become one record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence, Set
from datetime import date

from publisher.ingest.documents import (
    effective_day,
    labelled_lines,
    letter_parts,
    page_lines,
    page_numbers,
    relations,
    section_outline,
    table_to_markdown,
)
from publisher.ingest.documents.labelled_lines import LabelledValue, LabelledValues
from publisher.ingest.documents.letter_parts import Letter
from publisher.ingest.documents.page_lines import DocumentPage, Line
from publisher.ingest.findings import documents as kinds
from publisher.ingest.findings.files import TOO_LARGE
from publisher.ingest.findings.kind import Finding, Kind, Place, create_finding
from publisher.ingest.findings.tables import REQUIRED_MISSING
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.parsed_file import ImportedRecord, LeftOut, Reading, SheetReport, UnreadableFile
from schemas.cells.quantities import read_date
from schemas.cells.values import parse_value
from schemas.definition.catalogue import Catalogue, Content, Json
from schemas.reference.damaged_numbers import Repair, find_repair
from schemas.reference.document_numbers import find_citations

PARSER_VERSION = "7"
"""Version for documents; ``read_file.PARSER_VERSION`` is that for tables."""
MAX_TEXT = 4 << 20
"""Characters; the longest documents of state organs have a tenth of this."""
MOST_REPAIRS = 50
"""Repairs of numbers per line. A page that needs more is hostile, not damaged."""
_DAY = re.compile(r"\d{4}\s?[年.\-/]\s?\d{1,2}\s?[月.\-/]\s?\d{1,2}\s?日?")


def read_document(text: str, *, name: str, digest: str, media_type: str, catalogue: Catalogue) -> Reading:
    """Read one record of ``catalogue`` (``policies``) from a page's text, or from its HTML source.

    Rows are the lines that are not blank. The record contains all lines except page furniture and
    repeated copies. Raises :class:`~publisher.ingest.parsed_file.UnreadableFile` where the page does not
    contain the text of a document.
    """
    if len(text) > MAX_TEXT:
        raise ReaderError(TOO_LARGE, f"{len(text)} > {MAX_TEXT}").to_unreadable(name)
    try:
        page = page_lines.parse_html(text) if media_type == "text/html" else page_lines.parse_text(text)
    except ReaderError as problem:
        raise problem.to_unreadable(name) from problem
    return read_page(page, name=name, digest=digest, media_type=media_type, catalogue=catalogue)


def read_page(
    page: DocumentPage, *, name: str, digest: str, media_type: str, catalogue: Catalogue
) -> Reading:
    """Read a parsed page as :func:`read_document` does. Raises ``UnreadableFile``."""
    document = _Document(name, catalogue, page)
    record = document.read_record()
    left_out = sorted(document.left_out, key=lambda x: x.row)
    report = SheetReport("", len(page.lines), 1, len(record.rows) - 1, len(left_out))
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
    """Collects the texts of the fields of one page, which are parsed like the cells of a table."""

    def __init__(self, name: str, catalogue: Catalogue, page: DocumentPage) -> None:
        self._name = name
        self._catalogue = catalogue
        self._page = page
        self._labels = labelled_lines.LabelFinder(catalogue)
        self._content: Content = {}
        self._originals: dict[str, str] = {}
        self._cells: dict[str, str] = {}
        self._source_texts: dict[str, str] = {}
        self._continues = False
        """Whether the page says that the document has pages that were not joined."""
        self.findings: list[Finding] = []
        self.left_out: list[LeftOut] = []

    def read_record(self) -> ImportedRecord:
        lines = self._drop_copies(self._drop_menus(self._drop_furniture(), self._page.outside))
        if self._lacks_structure(lines):
            lines = self._drop_menus(lines, page_lines.find_outside_main(self._page))
        labelled = self._read_labels(lines)
        values = labelled.values | self._read_meta()
        title = values["title"].text if "title" in values else ""
        letter_lines = [line for line in lines if line.number not in labelled.line_numbers]
        letter = letter_parts.split_letter(letter_lines, title or self._page.heading)
        self._add_left_out(letter.lines_before)
        if self._continues:
            self._add_finding(kinds.CONTINUES, 0)
        if hidden := "".join("".join(text.split()) for text in self._page.hidden):
            self._add_finding(kinds.HIDDEN_TEXT, 0, hidden, characters=len(hidden))
        has_text = letter.body or letter.number or (self._page.embedded and letter.title)
        if not has_text:
            raise UnreadableFile(kinds.NO_DOCUMENT.at(Place(self._name)))
        if not letter.body:
            self._add_finding(
                kinds.BODY_BLANK, letter.title_line, next((x for x, _ in self._page.embedded), "")
            )
        for field, labelled_value in values.items():
            if field not in {"title", "number"}:
                self._parse_field(field, labelled_value.text, labelled_value.line)
        self._add_letter(letter, values)
        return self._build_record(
            {line.number for line in lines} - {line.number for line in letter.lines_before}, letter
        )

    def _build_record(self, numbers: set[int], letter: Letter) -> ImportedRecord:
        first = letter.title_line or letter.number_line or min(numbers, default=1)
        rows = (first, *sorted(numbers - {first}))
        for f in self._catalogue.fields:
            if f.required and f.name not in self._content:
                self.findings.append(REQUIRED_MISSING.at(Place(self._name, row=first), title=f.title))
        order = [f.name for f in self._catalogue.fields if f.name in self._content]
        source = "\x1e".join(
            f"{field}\x1f{self._source_texts[field]}" for field in sorted(self._source_texts)
        )
        return ImportedRecord(
            content={field: self._content[field] for field in order},
            originals=self._originals,
            sheet="",
            rows=rows,
            cells=self._cells,
            source_text=hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest(),
            in_error=any(finding.severity == "error" for finding in self.findings),
        )

    def _drop_furniture(self) -> list[Line]:
        content_lines = []
        outside_tables = ((line.number, line.text) for line in self._page.lines if line.spot is None)
        page_turns = page_numbers.find_page_turns(outside_tables)
        own_turns = page_turns - self._page.outside
        turns = (line.text for line in self._page.lines if line.number in own_turns)
        self._continues = self._page.continues or (
            self._page.has_body and not self._page.joined_from and page_numbers.states_further_pages(turns)
        )
        for line in self._page.lines:
            if line.number in page_turns or page_lines.is_furniture(line):
                self._add_left_out([line])
            else:
                content_lines.append(line)
        return content_lines

    def _drop_copies(self, lines: Sequence[Line]) -> list[Line]:
        unique, repeated, differing = page_lines.split_copies(lines, self._read_labels(lines).line_numbers)
        if repeated:
            self.left_out += (LeftOut("", line.number, "duplicate", line.text[:60]) for line in repeated)
            times = 1 + sum(line.key == repeated[0].key for line in repeated)
            self._add_finding(kinds.DOCUMENT_TWICE, repeated[0].number, repeated[0].text, times=times)
        if differing:
            self._add_finding(
                kinds.COPIES_DIFFER, differing[0].number, differing[0].text, count=len(differing)
            )
        return unique

    def _read_labels(self, lines: Sequence[Line]) -> LabelledValues:
        return self._labels.read_lines(lines, self._page.pairs, self._page.below)

    def _lacks_structure(self, lines: Sequence[Line]) -> bool:
        """Test for a page without text element, meta tags, labels and number: news, or an old page."""
        page = self._page
        has_structure = (
            page.has_body or not page.source or self._read_meta() or self._read_labels(lines).line_numbers
        )
        return not has_structure and not any(letter_parts.is_number(line.text) for line in lines)

    def _drop_menus(self, lines: Sequence[Line], outside: Set[int]) -> list[Line]:
        menus = self._select_menus([line for line in lines if line.number in outside])
        self._add_left_out(menus)
        menu_numbers = {line.number for line in menus}
        return [line for line in lines if line.number not in menu_numbers]

    def _select_menus(self, outside: Sequence[Line]) -> list[Line]:
        """Select the menus among the lines outside the text element.

        The other lines there are the title, the number, also that of an order, and labelled lines.
        """
        heading = re.sub(r"\s", "", self._page.heading)
        needed = set(self._read_labels(outside).line_numbers)
        for index, line in enumerate(outside):
            if letter_parts.is_order(outside[index : index + 2]):
                needed |= {line.number, outside[index + 1].number}
            elif line.key == heading or letter_parts.is_number(line.text):
                needed.add(line.number)
        return [line for line in outside if line.number not in needed]

    def _read_meta(self) -> dict[str, LabelledValue]:
        values: dict[str, LabelledValue] = {}
        for tag, text in self._page.meta.items():
            field = self._labels.field_of(tag)
            if field is not None:
                values.setdefault(field, LabelledValue(text, 0, tag))
        return values

    def _add_letter(self, letter: Letter, values: Mapping[str, LabelledValue]) -> None:
        self._parse_field("title", letter.title, letter.title_line)
        number = self._choose_number(letter, values.get("number"))
        self._parse_field("number", number.text, number.line)
        if "number" not in self._content:
            self._add_finding(kinds.WITHOUT_NUMBER, letter.title_line)
        self._parse_field("recipients", letter.recipients, letter.recipients_line)
        order = letter_parts.parse_number_line(number.text)
        is_order = order is not None and order.kind == "order"
        if "issuer" not in self._content:
            signatories = "、".join(letter.signature) or letter_parts.find_issuer(letter.title)
            by_order = (
                letter_parts.find_issuer_of_order(order.issuer) if order is not None and is_order else ""
            )
            self._parse_field("issuer", signatories or by_order, letter.signature_line or letter.title_line)
        self._parse_field(
            "kind",
            "命令"
            if order is not None and is_order and order.issuer.endswith("令")
            else letter_parts.find_kind(letter.title),
            letter.title_line,
        )
        if "date_written" not in self._content:
            self._add_date_written(letter, values.get("date_published"))
        body = section_outline.write_body(*table_to_markdown.write_paragraphs(letter.body, letter.date_index))
        self._content["body_markdown"] = body.markdown
        self._source_texts["body_markdown"] = "\n".join(line.raw.strip() for line in letter.body)
        if letter.body:
            self._cells["body_markdown"] = f"A{letter.body[0].number}"
        if body.outline:
            self._content["outline"] = list(body.outline)
        self._add_references(letter)
        self._add_relations(letter)
        if "effective_on" not in self._content:
            self._add_effective_day(letter)

    def _choose_number(self, letter: Letter, labelled: LabelledValue | None) -> LabelledValue:
        """Return the number of a label if it is one, or else the number in the head of the letter."""
        if labelled is not None:
            if letter_parts.parse_number_line(labelled.text) is not None or letter_parts.is_number(
                labelled.text
            ):
                return labelled
            self._add_finding(kinds.NOT_A_NUMBER, labelled.line, labelled.text, label=labelled.label)
        return LabelledValue(letter.number, letter.number_line, "")

    def _add_effective_day(self, letter: Letter) -> None:
        written_on, published_on = self._day("date_written"), self._day("date_published")
        if self._content.get("kind") == "命令":  # its signature makes it public
            published_on = None
        effect = effective_day.find_effective_day(
            letter.body, letter.title, written_on=written_on, published_on=published_on
        )
        if effect is None or "effective_on" not in self._catalogue.by_name:
            return
        self._set_field("effective_on", effect.day, effect.words, effect.line)
        if effect.day is None:
            self._add_finding(kinds.EFFECT_UNCLEAR, effect.line, effect.words, words=effect.words)

    def _day(self, field: str) -> date | None:
        day = self._content.get(field)
        return date.fromisoformat(day) if isinstance(day, str) else None

    def _add_relations(self, letter: Letter) -> None:
        rows = table_to_markdown.list_rows(letter.body)
        own = {self._content.get("number"), f"《{letter.title}》"}
        explained: list[Json] = [
            name for name in relations.find_explained(letter.title, rows) if name not in own
        ]
        if explained and "explains" in self._catalogue.by_name:
            self._content["explains"] = explained
        repeals = [repeal for repeal in relations.find_repealed(letter.title, rows) if repeal.name not in own]
        if repeals and "ends" in self._catalogue.by_name:
            self._content["ends"] = [repeal.name for repeal in repeals]
            # The sentences, which a clerk sees beside each proposed repeal.
            self._originals["ends"] = "\n".join(dict.fromkeys(repeal.sentence for repeal in repeals))

    def _add_date_written(self, letter: Letter, published: LabelledValue | None) -> None:
        day = self._content.get("date_published")
        evidence = {published.label: date.fromisoformat(day)} if published and isinstance(day, str) else {}
        if not letter.date:
            self._add_finding(kinds.WITHOUT_DATE, letter.title_line)
            return
        repair = None if read_date(letter.date) else find_repair(letter.date, evidence)
        if repair is None:
            self._parse_field("date_written", letter.date, letter.date_line)
            return
        self._set_field("date_written", repair.value, letter.date, letter.date_line)
        kind = kinds.DATE_REPAIRED if repair.value else kinds.DATE_AMBIGUOUS
        self._add_repair(kind, repair, letter.date_line)

    def _add_references(self, letter: Letter) -> None:
        """Collect the unique document numbers and statutes cited, in order, excluding the document itself."""
        own = {self._content.get("number"), None}
        first_lines: dict[str, int] = {}
        damaged: list[str] = []
        for line in letter.body:
            citations = {
                c.start: c.standard
                for c in find_citations(line.text)
                if c.title not in letter.title or not c.title
            }
            for start, repair in _find_number_repairs(line.text):
                citations[start] = repair.value or ""
                damaged.append(repair.original)
                self._add_repair(kinds.NUMBER_REPAIRED, repair, line.number)
            for start in sorted(citations):
                first_lines.setdefault(citations[start], line.number)
        references: list[Json] = [text for text in first_lines if text and text not in own]
        if references:
            self._content["references"] = references
            self._cells["references"] = f"A{first_lines[str(references[0])]}"
        if damaged:
            self._originals["references"] = "；".join(dict.fromkeys(damaged))

    def _parse_field(self, field: str, text: str, line: int) -> None:
        if not text or field not in self._catalogue.by_name:
            return
        f = self._catalogue.by_name[field]
        day = _DAY.search(text) if f.type == "date" else None
        value = parse_value(f, day[0] if day else text)
        if value.problem is not None:
            place = Place(self._name, row=line or None, column=f.title)
            self.findings.append(create_finding(value.problem, place, text))
        self._set_field(field, value.value, text, line)

    def _set_field(self, field: str, value: Json, text: str, line: int) -> None:
        self._source_texts[field] = text
        if value is not None:
            self._content[field] = value
            if line:
                self._cells[field] = f"A{line}"
        if value != text:
            self._originals[field] = text

    def _add_repair(self, kind: Kind, repair: Repair, line: int) -> None:
        words = {"because": repair.because_zh, "because_en": repair.because_en}
        self._add_finding(kind, line, repair.original, **words)

    def _add_finding(self, kind: Kind, line: int, excerpt: str = "", **words: object) -> None:
        self.findings.append(kind.at(Place(self._name, row=line or None), excerpt, **words))

    def _add_left_out(self, lines: Sequence[Line]) -> None:
        self.left_out += (LeftOut("", line.number, "note", line.text[:60]) for line in lines)


def _find_number_repairs(text: str) -> list[tuple[int, Repair]]:
    repairs: list[tuple[int, Repair]] = []
    start = 0
    for _ in range(MOST_REPAIRS):
        repair = find_repair(text[start:])
        if repair is None:
            break
        if repair.kind == "number":
            repairs.append((start + repair.start, repair))
        start += repair.start + len(repair.original)
    return repairs
