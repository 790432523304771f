"""Texts of a change: headline, summary, and the differences field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from html import escape

from feeds.categories import authors, categories, content_of_change, enclosures, issuers
from feeds.change import PART, ChangeItem, Difference, Kind
from feeds.document_html import full_text
from feeds.feed import Entry
from feeds.value_direction import Direction, directions_of
from schemas.cells.value_texts import format_value
from schemas.definition.catalogue import Catalogue, Content, Field, Json
from schemas.reference import administrative_divisions

_LONGEST_QUOTED = 24
"""Maximum characters of a value quoted in a headline."""
_MAX_NAMES = 3
"""Fields, or bodies, that a headline names."""
_VERBS: Mapping[Kind, str] = {
    "added": "新增",
    "changed": "调整",
    "removed": "从清单移出",
    "renamed": "更名",
    "corrected": "更正",
    "withdrawn": "撤回误列的",
}
"""Verbs of headlines. A removed row does not prove a decision of an authority, so its verb is not 取消."""
_DIRECTION_VERBS: Mapping[Direction, str] = {
    "fee-raised": "上调",
    "fee-lowered": "下调",
    "limit-shortened": "缩短",
    "limit-lengthened": "延长",
}
_CONTEXT = 40
"""Characters on each side of the difference in a long text."""
_LONGEST_TEXT = 600
"""Maximum characters of a field of an added or removed record. Its page has the full text."""


def build_entry(item: ChangeItem, *, base: str) -> Entry:
    """Build the feed entry of a change. ``base``: the site's address, the prefix of category schemes."""
    return Entry(
        id=item.id,
        title=headline(item),
        updated=max(item.published_at, item.updated or item.published_at),
        published=item.published_at,
        link=item.link,
        summary=summary(item),
        content_html=details(item),
        authors=authors(item),
        categories=categories(item, base),
        links=item.links if item.hidden else (*item.links, *enclosures(item)),
    )


def headline(item: ChangeItem) -> str:
    """Compose one sentence: “示例市财政局 从清单移出收费项目：价格鉴证业务收费”.

    Quotes a single changed field if both values are short, and states the day of a future effect. Records
    of a list's first publication are not called new.
    """
    issued = issuers(item) if item.kind == "added" else ()
    text = f"{'、'.join(issued[:_MAX_NAMES]) or item.responsible_body} {_headline_action(item)}"
    if item.effective_on > item.published_on:
        text += f"（自{_day(item.effective_on)}起）"
    return text


def _headline_action(item: ChangeItem) -> str:
    noun = item.catalogue.item or "条目"
    title_suffix = f"：{item.title}" if item.title else ""
    if item.hidden:  # the verb stays, unless it quotes the content
        verb = _added_verb(item) if item.kind == "added" else _VERBS[item.kind]
        return f"{verb}{noun}{title_suffix}"
    match item.kind:
        case "renamed" if item.previous_title:
            return f"将{noun}“{item.previous_title}”更名为“{item.title}”"
        case "added":
            decided = content_of_change(item).get(item.catalogue.decision_field or "")
            if isinstance(decided, str) and decided:
                return f"决定{decided}{title_suffix}"
            return f"{_added_verb(item)}{noun}{title_suffix}"
        case "changed" | "corrected":
            return _describe_difference(item, noun, title_suffix)
    return f"{_VERBS[item.kind]}{noun}{title_suffix}"


def _added_verb(item: ChangeItem) -> str:
    """Return the verb of an added record. Only items of a list are called new.

    Documents and decisions may be published long after their day.
    """
    if item.catalogue.of_documents:
        return "发布"
    return "公布" if item.catalogue.running else "首次公布" if item.first else _VERBS["added"]


def _describe_difference(item: ChangeItem, noun: str, title_suffix: str) -> str:
    """Quote the first charge or limit that rose or fell, or the only value; else list the changed fields.

    A charge is often listed twice, as text and as number; only its first field is quoted then.
    """
    public_fields = [(title, d) for d in item.differences if (title := _field_title(item.catalogue, d.field))]
    directions = {d.field: direction for _, d in public_fields for direction in directions_of(item, d)}
    for title, difference in public_fields:
        quoted = _quote(item.catalogue, difference)
        if quoted and (direction := directions.get(difference.field)):
            others = [name for name, d in public_fields if directions.get(d.field) != direction]
            also = f"，并调整{_list_names(others)}" if others else ""
            return f"{_DIRECTION_VERBS[direction]}{title}{title_suffix}（{quoted}）{also}"
        if quoted and len(public_fields) == 1:
            return f"{_VERBS[item.kind]}{noun}{title_suffix}（{title}：{quoted}）"
    suffix = f"（{_list_names([title for title, _ in public_fields])}）" if public_fields else ""
    return f"{_VERBS[item.kind]}{noun}{title_suffix}{suffix}"


def _quote(catalogue: Catalogue, difference: Difference) -> str:
    """Print both sides of a change; empty if one is too long for a headline."""
    sides = _print_sides(catalogue, difference)
    if max(map(len, sides)) > _LONGEST_QUOTED:
        return ""
    return " → ".join(side or "无" for side in sides)


def _list_names(names: Sequence[str]) -> str:
    return "、".join(names[:_MAX_NAMES]) + ("等" if len(names) > _MAX_NAMES else "")


def summary(item: ChangeItem) -> str:
    """Summarise in plain text: list, release, day of effect, legal basis, reason."""
    parts = [f"《{item.dataset_title}》第{item.release}次发布", _effect(item)]
    if item.basis:
        parts.append(f"依据：{item.basis}")
    text = "，".join(parts) + "。"
    if item.reason:
        text += f"说明：{item.reason.rstrip('。')}。"
    if item.hidden:
        text += item.hidden
    elif item.corrected:
        text += "该内容其后已更正，见更正条目。"
    return text


def details(item: ChangeItem) -> str:
    """Render escaped HTML: both sides of a change, or the fields of an added or removed record."""
    body = f"<p>{escape(summary(item))}</p>"
    if item.hidden or item.kind == "withdrawn":
        return body
    if item.kind in ("added", "removed"):
        body += _fields_table(item.catalogue, content_of_change(item))
    else:
        body += _differences_table(item.catalogue, item.differences)
    return body + ("" if item.kind == "removed" else full_text(item))


def _effect(item: ChangeItem) -> str:
    if item.kind == "corrected":
        # A correction has no effective day: it applies for the whole period of the corrected value.
        return f"更正自{_day(item.effective_on)}起的内容"
    if item.kind == "withdrawn":
        return f"{_day(item.published_on)}撤回公布"
    verb = "将自" if item.effective_on > item.published_on else "自"
    return f"{verb}{_day(item.effective_on)}起{effect_verb(item.catalogue)}"


def effect_verb(catalogue: Catalogue) -> str:
    """Return the verb of taking effect: 生效 for a list, 施行 for a document."""
    return "施行" if catalogue.of_documents else "生效"


def _fields_table(catalogue: Catalogue, content: Content) -> str:
    rows = "".join(
        f"<tr><th>{escape(field.title)}</th>"
        f"<td>{_html(_cut(_print_value(field, content[field.name])))}</td></tr>"
        for field in catalogue.fields
        if not field.personal and field.format != "markdown" and field.name in content
    )
    return f"<table>{rows}</table>" if rows else ""


def _differences_table(catalogue: Catalogue, differences: tuple[Difference, ...]) -> str:
    rows = "".join(_difference_rows(catalogue, differences))
    if not rows:
        return ""
    return f"<table><tr><th>字段</th><th>原内容</th><th>现内容</th></tr>{rows}</table>"


def _difference_rows(catalogue: Catalogue, differences: tuple[Difference, ...]) -> Iterator[str]:
    for difference in differences:
        title = _field_title(catalogue, difference.field)
        if title is None:
            continue
        before, after = _cut_common_ends(*_print_sides(catalogue, difference))
        old = f"<del>{_html(before)}</del>" if before else "（无）"
        new = f"<ins>{_html(after)}</ins>" if after else "（无）"
        yield f"<tr><th>{escape(title)}</th><td>{old}</td><td>{new}</td></tr>"


def _field_title(catalogue: Catalogue, name: str) -> str | None:
    """Return the title of a field; None for a personal field or one that the catalogue does not have."""
    if name == PART:
        return "报送部门"
    field = catalogue.by_name.get(name)
    return None if field is None or field.personal else field.title


def _print_sides(catalogue: Catalogue, difference: Difference) -> tuple[str, str]:
    field = catalogue.by_name.get(difference.field)
    return _print_value(field, difference.before), _print_value(field, difference.after)


def _print_value(field: Field | None, value: Json) -> str:
    """Print a value in Chinese: dates in words, divisions by name."""
    if field is not None and isinstance(value, str):
        if field.type == "date":
            with suppress(ValueError):
                return _day(date.fromisoformat(value))
        if field.format == "division" and (path := administrative_divisions.full_name_of(value)):
            return f"{path}（{value}）"
    return format_value(field, value, "zh")


def _cut_common_ends(before: str, after: str) -> tuple[str, str]:
    """Remove the common start and end of two long texts, except for some context."""
    shortest = min(len(before), len(after))
    if shortest <= 4 * _CONTEXT:
        return _cut(before), _cut(after)
    head = next((i for i in range(shortest) if before[i] != after[i]), shortest)
    most = shortest - head
    tail = next((i for i in range(most) if before[-1 - i] != after[-1 - i]), most)
    start, rest = max(0, head - _CONTEXT), max(0, tail - _CONTEXT)
    return _excerpt(before, start, rest), _excerpt(after, start, rest)


def _excerpt(text: str, start: int, rest: int) -> str:
    """Cut ``start`` characters off the beginning of a text and ``rest`` off its end."""
    return _cut(("…" if start else "") + text[start : len(text) - rest] + ("…" if rest else ""))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br/>")


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
