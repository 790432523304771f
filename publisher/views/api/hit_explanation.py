"""Explanations of hits, as sentences in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.views.api.answers import search
from publisher.views.api.answers.common import fill
from schemas.definition.catalogue import Catalogue
from search.contract import MatchKind, Reason

_SENTENCES: Mapping[MatchKind, tuple[str, str]] = {
    "word": ("“{word}”出现在{fields}中。", "“{word}” occurs in {fields}."),
    "phrase": ("“{word}”连续出现在{fields}中。", "“{word}” occurs as a phrase in {fields}."),
    "alias": (
        "“{word}”又称“{form}”，出现在{fields}中。",
        "“{word}” is also “{form}”, which occurs in {fields}.",
    ),
    "synonym": (
        "“{word}”也称“{form}”，出现在{fields}中。",
        "“{word}” is also “{form}”, which occurs in {fields}.",
    ),
    "taiwan": (
        "“{word}”在大陆作“{form}”，出现在{fields}中。",
        "Mainland “{form}” for “{word}” occurs in {fields}.",
    ),
    "own-number": ("文号是{form}。", "Its own document number is {form}."),
    "cited-number": ("引用了{form}。", "It cites {form}."),
}


def explain_reason(reason: Reason, catalogue: Catalogue) -> search.Explanation:
    zh, en = _SENTENCES[reason.how]
    matched_fields = [catalogue.by_name[name] for name in reason.fields if name in catalogue.by_name]
    fields = "、".join(f"“{field.title}”" for field in matched_fields) or "标题"
    fields_en = ", ".join(f"“{field.title_en}”" for field in matched_fields) or "the title"
    return fill(
        search.Explanation,
        reason,
        text=zh.format(word=reason.word, form=reason.form, fields=fields),
        text_en=en.format(word=reason.word, form=reason.form, fields=fields_en),
    )
