"""Rows that a page break split off: when a row continues the one above, and how their texts join."""

from __future__ import annotations

import re

from publisher.ingest.findings.tables import TEXT_JOINED
from publisher.ingest.tables.piece_reader import PieceReader
from publisher.ingest.tables.raw_record import Piece, RawRecord, RowNote, TableLine, format_reference
from schemas.broken_lines import may_hold_two_values
from schemas.definition.catalogue import Catalogue

_LINE_ENDS = "。；;：:！？!?"
"""Punctuation after which the lower half of a text begins a line."""
_ITEM_START = re.compile(
    r"\s*(?:【|第[一二三四五六七八九十百千零\d]+条|[一二三四五六七八九十]+、|\d+[.．、]|[（(][\d一二三四五六七八九十]+[）)])"
)
_SENTENCE_END = re.compile(r"(?:[。！？!?…]|(?<![\d.])\.)[”’」』）)】》〉\"'\s]*$")
"""Punctuation that ends a sentence (句末点号, GB/T 15834), with closing quotes and brackets."""
_SEAM = 50
"""Characters on either side of the joint that a finding quotes."""


def join_halves(above: str, below: str) -> str:
    """Join two halves of a text split by a page break.

    A line break stays after 。；： and the like, before a numbered item, between two numbers or addresses and
    between two laws.
    """
    above, below = above.rstrip(), below.strip()
    if not above or not below:
        return above or below
    is_end = above[-1] in _LINE_ENDS or _ITEM_START.match(below) or _is_further_basis(above, below)
    return f"{above}\n{below}" if is_end or may_hold_two_values(above, below) else above + below


def _is_further_basis(above: str, below: str) -> bool:
    """Test for another law below a whole one: …第三十五条 and 《…办法》第二条."""
    return below[0] == "《" and above[-1] in "条款目项号》）)"


def continues_record(line: TableLine, record: RawRecord, catalogue: Catalogue) -> bool:
    """Test whether a row without a name continues the record above.

    It contains only running text, and a merged range, a page break or an unfinished sentence shows that
    it goes on. A row with a number, code, body, type or level of its own never does.
    """
    if line.numbers or line.unread or line.companions or line.uncalculated or line.unchosen or line.unclear:
        return False
    if not all(catalogue.by_name[name].continues for name in line.own):
        return False
    if not line.own or line.under_merge or line.after_break:
        return True
    above = [record.pieces[name].text for name in line.own if name in record.pieces]
    return any(text.strip() and not _SENTENCE_END.search(text) for text in above)


def append_continuation(
    record: RawRecord, line: TableLine, pieces: PieceReader, catalogue: Catalogue, notes: list[RowNote]
) -> None:
    """Append a row that a page break split off to its record, with a warning for every text."""
    title = record.pieces.get(catalogue.title_field)
    words = {"first": record.rows[0], "title": title.text.strip() if title else ""}
    record.rows.append(line.row)
    own_line = TableLine(line.row, line.index, line.own, {}, line.other, line.twins)
    for name, piece in pieces.of_line(own_line).items():
        first = record.pieces.get(name)
        if first is None or not first.original:
            record.pieces[name] = piece
            joined, seam = piece.text, 0
        else:
            joined, original = join_halves(first.text, piece.text), f"{first.original}\n{piece.original}"
            record.pieces[name] = Piece(joined, original, first.cell, first.via)
            seam = len(joined) - len(piece.text.strip())
        excerpt = joined[max(seam - _SEAM, 0) : seam + _SEAM]
        notes.append(RowNote(TEXT_JOINED, line.row, name, excerpt, piece.cell, words))
    record.other_cells += [format_reference(cell) for cell in line.own.values()]
    pieces.add_other_cells(record, own_line)
