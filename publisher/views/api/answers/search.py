"""Structs of search responses and suggestions."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from publisher.views.api.answers.common import Answer, Facet


class Marked(Answer, frozen=True, kw_only=True):
    """摘录及其中命中的片段。/ An excerpt of the original text and the stretches that matched."""

    field: str
    text: str
    marks: Annotated[
        tuple[tuple[int, int], ...],
        Meta(description="起止位置（含起不含止），按字符数 / In code points of text"),
    ]


class HitLinks(Answer, frozen=True, kw_only=True):
    record: str
    history: str
    dataset: str


class Explanation(Answer, frozen=True, kw_only=True):
    """匹配说明。/ One reason for which a hit was found."""

    word: Annotated[str, Meta(description="搜索词 / The word of the query")]
    form: Annotated[str, Meta(description="文中的写法 / As written in the text")]
    how: Annotated[
        Literal["word", "phrase", "alias", "synonym", "taiwan", "own-number", "cited-number"],
        Meta(description="本词、词组、部门别名、同义词、台湾用语、自身或引用的文号 / How both are one"),
    ]
    fields: Annotated[tuple[str, ...], Meta(description="出现在哪些字段 / Where it occurs")]
    text: Annotated[str, Meta(description="中文说明 / In Chinese words")]
    text_en: Annotated[str, Meta(description="英文说明 / In English words")]


class Hit(Answer, frozen=True, kw_only=True):
    dataset: str
    dataset_title: str
    record: str
    score: float
    status: Annotated[
        str,
        Meta(
            description="`current` 现行有效，`removed` 已移出清单，`withdrawn` 已撤回公布 / "
            "In force, removed or withdrawn on the day"
        ),
    ]
    title: Marked
    excerpts: tuple[Marked, ...]
    explanation: Annotated[
        tuple[Explanation, ...] | None,
        Meta(description="匹配说明；未请求则为空 / Why it was found; null unless explain=true"),
    ]
    links: HitLinks


class SearchLinks(Answer, frozen=True, kw_only=True):
    self: str
    next: Annotated[str | None, Meta(description="下一页；末页为空 / null at the end")]


class Similar(Answer, frozen=True, kw_only=True):
    """意思相近的内容。/ What is near by meaning."""

    total: Annotated[int, Meta(description="条数，至多100 / How many, at most 100")]
    hits: Annotated[
        tuple[Hit, ...],
        Meta(description="最相近的在前，score 为相似度 / The nearest first; score: similarity"),
    ]
    next: Annotated[
        str | None,
        Meta(
            description="下一页：只续列这些内容，搜索结果的 hits 为空；末页为空 / "
            "Its next page: these go on, and the hits of the search are empty; null at the end"
        ),
    ]


class Found(Answer, frozen=True, kw_only=True):
    """搜索结果。/ Search results."""

    total: Annotated[int, Meta(description="match 所指集合的总数，精确 / Exact, of the set named by match")]
    match: Annotated[
        Literal["all", "most", "any"],
        Meta(description="结果包含全部、多数或任一搜索词 / Hits contain all words, most, or any"),
    ]
    did_you_mean: Annotated[
        str | None,
        Meta(
            description="您要找的是不是：没有内容包含全部搜索词时，结果为此名称的 / "
            "The name probably meant; where given, hits are of it"
        ),
    ]
    not_held: Annotated[
        tuple[str, ...],
        Meta(
            description="搜索词中没有任何内容含有的词；各词都有、却没有意思相近的内容时，为全部搜索词："
            "所查事项没有收录，结果仅供参考；similar 不为空时，可能另有名称 / "
            "Words of the query that nothing contains, or the whole query if nothing is near it by meaning: "
            "what was asked for is not held, or, unless similar is empty, by another name"
        ),
    ]
    hits: tuple[Hit, ...]
    similar: Annotated[
        Similar | None,
        Meta(
            description="不是搜索结果而意思相近的内容；没有安装模型，或为搜索结果的后续页时为空 / "
            "What is near by meaning and not a hit; null without a model, and on later pages of hits"
        ),
    ]
    facets: tuple[Facet, ...]
    links: SearchLinks


class Suggestion(Answer, frozen=True, kw_only=True):
    text: str
    kind: Annotated[
        Literal["name", "body", "number"],
        Meta(description="名称、部门或文号 / A title, body or document number"),
    ]
    count: Annotated[
        int, Meta(description="今天有效的记录中符合的条数 / Records in effect today that carry it")
    ]
    link: Annotated[str, Meta(description="搜索它的地址 / The search for it")]


class Suggestions(Answer, frozen=True, kw_only=True):
    """输入时的搜索建议。/ Suggestions for partial input."""

    suggestions: tuple[Suggestion, ...]
