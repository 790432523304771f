"""A record's fields for readers: in groups, with plain labels, texts with their citations linked."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2.filters import do_filesizeformat
from markupsafe import Markup, escape

from publisher.log.model import FieldChange, RecordState
from publisher.views.api import cell_excerpts
from publisher.views.comparison.text_diff import Piece, pieces
from publisher.views.pages.printing import marked_text
from publisher.views.pages.printing.page_request import Visit
from schemas.cells.values import format_value
from schemas.definition.catalogue import Catalogue, Content, Field, Json
from schemas.reference import administrative_divisions
from schemas.reference.document_numbers import Citation

_EXCERPT = 60
"""Characters of a cell that are shown beside its place."""
_QUANTITIES = frozenset({"limit", "amount", "integer", "decimal"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One field with its value."""

    name: str
    title: str
    html: Markup
    long: bool = False
    """A text, which takes the whole width."""
    original: str = ""
    """The cell's text as found, where it differs."""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    fields: Sequence[Shown]


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a field was read, and the beginning of what stood there."""

    title: str
    place: str
    """``C5`` in a sheet; as its reader names places elsewhere."""
    excerpt: str


@dataclass(frozen=True, slots=True)
class Differing:
    """One field that changed."""

    title: str
    html: Markup


def address(visit: Visit, citation: Citation) -> str:
    """Where a citation leads: a search for it finds the document itself, then all that cites it."""
    wanted = f"《{citation.short_title}》" if citation.kind == "statute" else citation.standard
    return visit.url("/search", (("q", wanted),))


def groups(
    visit: Visit, catalogue: Catalogue, content: Content, originals: Mapping[str, str]
) -> Sequence[Group]:
    """Every public field that has a value, the title aside, in the order in which readers ask."""
    found: dict[str, list[Shown]] = {title: [] for title in (_WHAT, _HOW_MUCH, _WHY, _MORE)}
    for field in catalogue.fields:
        if field.name in content and not field.personal and field.name != catalogue.title_field:
            found[_group(field)].append(_shown(visit, field, content[field.name], originals))
    return [Group(visit.t(*title.split(" / ")), fields) for title, fields in found.items() if fields]


def cells(visit: Visit, catalogue: Catalogue, state: RecordState) -> Sequence[Cell]:
    """Of every public field whose place is known."""
    said, places = cell_excerpts.of_record(state, lambda: catalogue), state.locator.get("cells", {})
    return [
        Cell(title_of(visit, field), places[field.name], _short(said[field.name]))
        for field in catalogue.fields
        if field.name in said and not field.personal
    ]


def _short(said: str) -> str:
    flat = " ".join(said.split())
    return flat if len(flat) <= _EXCERPT else f"{flat[:_EXCERPT]}…"


_WHAT, _HOW_MUCH = "基本情况 / Essentials", "时限与金额 / Limits and amounts"
_WHY, _MORE = "设定和实施依据 / Legal basis", "详细内容 / Details"


def _group(field: Field) -> str:
    if field.format in ("citations", "document-number") or field.title.endswith("依据"):
        return _WHY
    if field.type in _QUANTITIES:
        return _HOW_MUCH
    if field.format in ("text", "markdown") or field.type == "list":
        return _MORE
    return _WHAT


def _shown(visit: Visit, field: Field, value: Json, originals: Mapping[str, str]) -> Shown:
    html = html_of(visit, field, value)
    original = originals.get(field.name)
    return Shown(
        name=field.name,
        title=title_of(visit, field),
        html=html,
        long=field.format in ("text", "markdown") or len(html) > 200,
        original=_telling(original, printed(visit, field, value)) if original else "",
    )


def _telling(original: str, shown: str) -> str:
    """The original where it says other than what is shown; spaces, widths and 个 say nothing."""
    return "" if _bare(original) == _bare(shown) else original


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).replace("个", "").split())


def title_of(visit: Visit, field: Field) -> str:
    return visit.t(field.title, field.title_en)


def html_of(visit: Visit, field: Field, value: Json) -> Markup:
    """A value in full."""
    if isinstance(value, list):
        items = (_item(visit, field, item) for item in value)
        return marked_text.joined(("<ul>", *(f"<li>{item}</li>" for item in items), "</ul>"))
    shown = printed(visit, field, value)
    return _linked(visit, shown) if field.type == "string" else escape(shown)


def _item(visit: Visit, field: Field, item: Json) -> Markup:
    if field.type == "files" and isinstance(item, dict):
        return _file(item)
    return _linked(visit, printed(visit, field, [item]))


def _file(file: Mapping[str, Json]) -> Markup:
    """A file by its name, with the size that it had; only an address on the web is a link."""
    name, url, size = str(file.get("name", "")), str(file.get("url", "")), file.get("size")
    shown = escape(name)
    if url.startswith(("https://", "http://")):
        shown = Markup('<a href="{}">{}</a>').format(url, name)
    told = Markup(" <small>{}</small>").format(do_filesizeformat(size)) if isinstance(size, int) else ""
    return shown + told


def printed(visit: Visit, field: Field, value: Json) -> str:
    """A value as plain text; blank is empty."""
    if field.format == "division" and isinstance(value, str):
        name = administrative_divisions.name(value)
        return f"{name}（{value}）" if name else value
    return format_value(field, value, "en" if visit.lang == "en" else "zh")


def _linked(visit: Visit, shown: str) -> Markup:
    return marked_text.linked(shown, lambda citation: address(visit, citation))


def differences(visit: Visit, catalogue: Catalogue, changes: Sequence[FieldChange]) -> Sequence[Differing]:
    """What a change did, field by field, with the characters that came and went marked."""
    found = []
    for change in changes:
        field = catalogue.by_name.get(change.field)
        if field is not None and field.personal:
            continue
        before, after = side(visit, field, change.before), side(visit, field, change.after)
        title = title_of(visit, field) if field else visit.t("报送部门", "Department")
        found.append(Differing(title, marked_text.differing(_marked(before, after))))
    return found


def side(visit: Visit, field: Field | None, value: Json) -> str:
    """One side of a difference as plain text; ``field`` is None for the part that hands it in."""
    if field is None:
        return "" if value is None else str(value)
    return printed(visit, field, value)


def _marked(before: str, after: str) -> Sequence[Piece]:
    """By character where both are texts; a short value is easier read whole."""
    if max(len(before), len(after)) > 24:
        return pieces(before, after)
    whole = [Piece("delete", before), Piece("insert", after)]
    return [piece for piece in whole if piece.text]
