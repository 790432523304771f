"""A record's fields as HTML: groups, labels, and texts with linked citations."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

import msgspec
from jinja2.filters import do_filesizeformat
from markupsafe import Markup, escape

from publisher.log.model import FieldChange, RecordState
from publisher.views.api import cell_excerpts
from publisher.views.pages.printing import marked_text, value_difference
from publisher.views.pages.printing.page_request import Visit
from publisher.web.query_parameters import NUMBERS
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue, Content, Field, Json
from schemas.reference import administrative_divisions
from schemas.reference.english_words import value_in_english

_EXCERPT = 60
"""Maximum length of a cell's excerpt, in characters."""
_MOST_FACTS, _LONGEST_FACT = 3, 40


class FieldValue(msgspec.Struct, frozen=True):
    """One field with its value."""

    name: str
    title: str
    html: Markup
    original: str = ""
    """Original text of the cell, if it differs."""
    note: str = ""
    """Since when it is so, and what it was before."""


class Group(msgspec.Struct, frozen=True):
    title: str
    fields: Sequence[FieldValue]


class Cell(msgspec.Struct, frozen=True):
    """Place in the source from which a field was read, with the beginning of its original text."""

    title: str
    place: str
    """``C5`` in a sheet; other formats have their own notation."""
    excerpt: str


class FieldDifference(msgspec.Struct, frozen=True):
    """One field that changed."""

    title: str
    html: Markup
    by: str = ""
    """By how much a number changed."""


def work_address(visit: Visit, key: str) -> str:
    """Return the address of the page of a work: what it is, who rests on it, what ended it."""
    return visit.url(f"/works/{key}")


def work_addresses(visit: Visit) -> marked_text.AddressOfWork:
    """Return the function from the key of a work to the address of its page."""
    return lambda key: work_address(visit, key)


def group_fields(
    visit: Visit, catalogue: Catalogue, content: Content, originals: Mapping[str, str]
) -> Sequence[Group]:
    """Group the public fields that have a value, limits that only the source states, and expected blank ones.

    The title is not among them. The groups are in the order of importance to readers.
    """
    expected = catalogue.list_expected(content)
    rows: dict[str, list[FieldValue]] = {title: [] for title in (_WHAT, _HOW_MUCH, _WHY, _MORE)}
    for field in catalogue.fields:
        if field.name in content and not field.personal and field.name != catalogue.title_field:
            rows[_group(field)].append(_field_value(visit, field, content[field.name], originals))
        elif field.type == "limit" and not field.personal and originals.get(field.name):
            rows[_group(field)].append(_limit_text(visit, field, originals[field.name]))
        elif field.name in expected and not originals.get(field.name):
            rows[_group(field)].append(_not_published(visit, field))
    return [Group(visit.t(*title.split(" / ")), fields) for title, fields in rows.items() if fields]


def list_facts(visit: Visit, catalogue: Catalogue, content: Content) -> Sequence[FieldValue]:
    """List the first short public facts of a record, for the head of its page, without repetitions.

    The sub-item (子项) comes first: several records have the name of the whole item.
    """
    chosen: list[FieldValue] = []
    texts: list[str] = []
    sub_item = (catalogue.sub_item_field,) if catalogue.sub_item_field else ()
    for name in (*sub_item, *catalogue.facts):
        if name not in content or len(chosen) == _MOST_FACTS:
            continue
        field = catalogue.by_name[name]
        if field.personal:  # since a later catalogue
            continue
        text = _bare(format_text(visit, field, content[name]))
        if len(text) <= _LONGEST_FACT and not any(text in other or other in text for other in texts):
            texts.append(text)
            chosen.append(_field_value(visit, field, content[name], {}))
    return chosen


def list_cells(visit: Visit, catalogue: Catalogue, state: RecordState) -> Sequence[Cell]:
    """List the cells of all public fields with a known place."""
    excerpts, places = cell_excerpts.read_excerpts(state, lambda: catalogue), state.locator.get("cells", {})
    return [
        Cell(visit.title_of(field), places[field.name], _short(excerpts[field.name]))
        for field in catalogue.fields
        if field.name in excerpts and not field.personal
    ]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _EXCERPT else f"{flat[:_EXCERPT]}…"


_WHAT, _HOW_MUCH = "基本情况 / Essentials", "时限与金额 / Limits and amounts"
_WHY, _MORE = "设定和实施依据 / Legal basis", "详细内容 / Details"


def _group(field: Field) -> str:
    if field.format in ("citations", "document-number") or field.names_a_basis:
        return _WHY
    if field.type in NUMBERS:
        return _HOW_MUCH
    if field.format in ("text", "markdown") or field.type == "list":
        return _MORE
    return _WHAT


def _field_value(visit: Visit, field: Field, value: Json, originals: Mapping[str, str]) -> FieldValue:
    original = originals.get(field.name)
    return FieldValue(
        name=field.name,
        title=visit.title_of(field),
        html=format_html(visit, field, value),
        original=_differing_original(original, format_text(visit, field, value)) if original else "",
    )


def _limit_text(visit: Visit, field: Field, text: str) -> FieldValue:
    """Return a limit that is not one fixed time (新办20日，延续10日) as the source states it."""
    return FieldValue(field.name, visit.title_of(field), escape(text))


def _not_published(visit: Visit, field: Field) -> FieldValue:
    words = Markup('<span class="quiet">{}</span>').format(visit.t("未公布", "not published"))
    return FieldValue(field.name, visit.title_of(field), words)


def _differing_original(original: str, text: str) -> str:
    """Return the original if it differs from the displayed text; spaces, widths and 个 are ignored."""
    return "" if _bare(original) == _bare(text) else original


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).replace("个", "").split())


def format_html(visit: Visit, field: Field, value: Json) -> Markup:
    """Format the full value."""
    if isinstance(value, list):
        items = (_item(visit, field, item) for item in value)
        return marked_text.join_html(("<ul>", *(f"<li>{item}</li>" for item in items), "</ul>"))
    text = format_text(visit, field, value)
    return link_works(visit, text) if field.type == "string" else escape(text)


def _item(visit: Visit, field: Field, item: Json) -> Markup:
    if field.type == "files" and isinstance(item, dict):
        return _file(item)
    return link_works(visit, format_text(visit, field, [item]))


def _file(file: Mapping[str, Json]) -> Markup:
    """Format a file's name and size. The name is a link if the file has a web address."""
    name, url, size = str(file.get("name", "")), str(file.get("url", "")), file.get("size")
    label = escape(name)
    if url.startswith(("https://", "http://")):
        label = Markup('<a href="{}">{}</a>').format(url, name)
    size_html = Markup(" <small>{}</small>").format(do_filesizeformat(size)) if isinstance(size, int) else ""
    return label + size_html


def format_text(visit: Visit, field: Field | None, value: Json) -> str:
    """Format a value as plain text; a blank value is empty. ``field``: None if its catalogue dropped it."""
    if field is None:
        return format_value(None, value, visit.text_lang)
    if field.format == "division" and isinstance(value, str):
        name = administrative_divisions.name_of(value)
        return visit.t(f"{name}（{value}）", f"{name} ({value})") if name else value
    if visit.lang == "en" and field.vocabulary and isinstance(value, str):
        return value_in_english(value)
    return format_value(field, value, visit.text_lang)


def link_works(visit: Visit, text: str) -> Markup:
    """Escape a text and link every work that it cites."""
    return marked_text.link_citations(text, work_addresses(visit))


def format_differences(
    visit: Visit, catalogue: Catalogue, changes: Sequence[FieldChange]
) -> Sequence[FieldDifference]:
    """Format a change field by field, with inserted and deleted characters marked."""
    rows = []
    for change in value_difference.without_repeated_texts(catalogue, changes):
        field = catalogue.by_name.get(change.field)
        if field is not None and field.personal:
            continue
        before, after = format_text(visit, field, change.before), format_text(visit, field, change.after)
        title = title_of_changed(visit, field, change.field)
        pieces = value_difference.compare_texts(before, after)
        marked = marked_text.mark_differences(pieces, work_addresses(visit))
        by = value_difference.format_difference(field, change.before, change.after, visit.text_lang)
        rows.append(FieldDifference(title, marked, by))
    return rows


def title_of_changed(visit: Visit, field: Field | None, name: str) -> str:
    """Return the title of what changed: a field, the part, or a field that the catalogue no longer has."""
    if field is not None:
        return visit.title_of(field)
    return visit.t("报送部门", "Department") if name == "part" else name
