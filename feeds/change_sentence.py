"""A change in words: the headline a person would write, and what changed, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from html import escape

from feeds.categories import authors, categories, enclosures, issuers, shown_content
from feeds.change import PART, ChangeItem, Difference, Kind
from feeds.document_html import full_text
from feeds.fee_direction import Charge, charges
from feeds.feed import Entry
from schemas.cells.values import format_value
from schemas.definition.catalogue import Catalogue, Content, Field, Json
from schemas.reference import administrative_divisions

_SHORT = 24
"""Longest value, in characters, that a headline quotes."""
_FEW = 3
"""Fields, or bodies, that a headline names."""
_VERBS: Mapping[Kind, str] = {
    "added": "新增",
    "changed": "调整",
    "removed": "从清单移出",
    "renamed": "更名",
    "corrected": "更正",
    "withdrawn": "撤回误列的",
}
"""Verb of a headline; a missing row says nothing of an authority that decided, so it is not 取消."""
_CHARGED: Mapping[Charge, str] = {"fee-raised": "上调", "fee-lowered": "下调"}
_CONTEXT = 40
"""Characters that stay on each side of the stretch that differs in a long text."""
_LONG = 600
"""Longest text that an added or removed record shows of one field; its page shows the whole."""


def entry_of(item: ChangeItem, *, base: str) -> Entry:
    """The feed entry of a change. ``base``: the site's address, under which the schemes stand."""
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
    """One sentence: “示例市财政局 从清单移出收费项目：价格鉴证业务收费”.

    Quotes the one field that changed where both values are short, and says from when a change
    takes effect that lies in the future. What a list holds when it is first published is not called new.
    """
    issued = issuers(item) if item.kind == "added" else ()
    text = f"{'、'.join(issued[:_FEW]) or item.actor} {_did(item)}"
    if item.effective_on > item.published_on:
        text += f"（自{_day(item.effective_on)}起）"
    return text


def _did(item: ChangeItem) -> str:
    noun = item.catalogue.item or "条目"
    named = f"：{item.title}" if item.title else ""
    if item.hidden:
        return f"{_VERBS[item.kind]}{noun}{named}"
    match item.kind:
        case "renamed" if item.previous_title:
            return f"将{noun}“{item.previous_title}”更名为“{item.title}”"
        case "added":
            decided = shown_content(item).get(item.catalogue.decision_field or "")
            if isinstance(decided, str) and decided:
                return f"决定{decided}{named}"
            return f"{_added(item)}{noun}{named}"
        case "changed" | "corrected":
            return _changed(item, noun, named)
    return f"{_VERBS[item.kind]}{noun}{named}"


def _added(item: ChangeItem) -> str:
    """Documents and decisions are made known, whenever they were made; only a list can have something new."""
    if item.catalogue.of_documents:
        return "发布"
    return "公布" if item.catalogue.running else "首次公布" if item.first else _VERBS["added"]


def _changed(item: ChangeItem, noun: str, named: str) -> str:
    """One short value is quoted, and of a sum it is said whether it went up; else the fields are named."""
    known = [(title, d) for d in item.differences if (title := _title(item.catalogue, d.field))]
    if len(known) == 1:
        title, difference = known[0]
        before, after = _sides(item.catalogue, difference)
        if len(before) <= _SHORT and len(after) <= _SHORT:
            quoted = f"{before or '无'} → {after or '无'}"
            for charge in charges(item):
                return f"{_CHARGED[charge]}{title}{named}（{quoted}）"
            return f"{_VERBS[item.kind]}{noun}{named}（{title}：{quoted}）"
    names = "、".join(title for title, _ in known[:_FEW])
    told = f"（{names}{'等' if len(known) > _FEW else ''}）" if known else ""
    return f"{_VERBS[item.kind]}{noun}{named}{told}"


def summary(item: ChangeItem) -> str:
    """Plain text: the list, its release, since when and by which document, and the reason given."""
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
    """HTML, every value escaped: both sides of a change, or the fields of an added or removed record."""
    body = f"<p>{escape(summary(item))}</p>"
    if item.hidden or item.kind == "withdrawn":
        return body
    if item.kind in ("added", "removed"):
        body += _fields_table(item.catalogue, shown_content(item))
    else:
        body += _differences_table(item.catalogue, item.differences)
    return body + ("" if item.kind == "removed" else full_text(item))


def _effect(item: ChangeItem) -> str:
    if item.kind == "corrected":
        # A correction has no day of its own: it holds for the whole time of the value that it corrects.
        return f"更正自{_day(item.effective_on)}起的内容"
    if item.kind == "withdrawn":
        return f"{_day(item.published_on)}撤回公布"
    verb = "将自" if item.effective_on > item.published_on else "自"
    return f"{verb}{_day(item.effective_on)}起{effect_verb(item.catalogue)}"


def effect_verb(catalogue: Catalogue) -> str:
    """A list 生效; a document 施行."""
    return "施行" if catalogue.of_documents else "生效"


def _fields_table(catalogue: Catalogue, content: Content) -> str:
    rows = "".join(
        f"<tr><th>{escape(field.title)}</th><td>{_html(_cut(_printed(field, content[field.name])))}</td></tr>"
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
        title = _title(catalogue, difference.field)
        if title is None:
            continue
        before, after = _narrow(*_sides(catalogue, difference))
        old = f"<del>{_html(before)}</del>" if before else "（无）"
        new = f"<ins>{_html(after)}</ins>" if after else "（无）"
        yield f"<tr><th>{escape(title)}</th><td>{old}</td><td>{new}</td></tr>"


def _title(catalogue: Catalogue, name: str) -> str | None:
    """None where nothing may be told: a personal field, or one that the catalogue has not (any more)."""
    if name == PART:
        return "报送部门"
    field = catalogue.by_name.get(name)
    return None if field is None or field.personal else field.title


def _sides(catalogue: Catalogue, difference: Difference) -> tuple[str, str]:
    field = catalogue.by_name.get(difference.field)
    return _printed(field, difference.before), _printed(field, difference.after)


def _printed(field: Field | None, value: Json) -> str:
    """As people write it in Chinese: a day with its characters, a place by its name."""
    if field is not None and isinstance(value, str):
        if field.type == "date":
            with suppress(ValueError):
                return _day(date.fromisoformat(value))
        if field.format == "division" and (path := administrative_divisions.path(value)):
            return f"{path}（{value}）"
    if value is None or field is None:
        return str(value or "")
    return format_value(field, value, "zh")


def _narrow(before: str, after: str) -> tuple[str, str]:
    """Two long texts without the stretches that they share at both ends, but for some context."""
    shortest = min(len(before), len(after))
    if shortest <= 4 * _CONTEXT:
        return _cut(before), _cut(after)
    head = next((i for i in range(shortest) if before[i] != after[i]), shortest)
    most = shortest - head
    tail = next((i for i in range(most) if before[-1 - i] != after[-1 - i]), most)
    start, rest = max(0, head - _CONTEXT), max(0, tail - _CONTEXT)
    return _stretch(before, start, rest), _stretch(after, start, rest)


def _stretch(text: str, start: int, rest: int) -> str:
    return _cut(("…" if start else "") + text[start : len(text) - rest] + ("…" if rest else ""))


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else text[:_LONG] + "…"


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br/>")


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
