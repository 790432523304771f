"""Articles that a cell of bases quotes, with their texts."""

from __future__ import annotations

import pytest

from schemas.reference.legal_bases import find_cited_statutes
from schemas.reference.quoted_articles import article_key, find_quoted_articles


def quoted(text: str) -> list[tuple[str, str, str]]:
    """List (title, article, quoted text)."""
    statutes = find_cited_statutes(text)
    return [
        (statute.title, one.number, text[one.text_start : one.text_end])
        for statute in statutes
        if statute.role == "basis"
        for one in find_quoted_articles(text, statute, statutes)
        if text[one.start : one.end] == one.number
    ]


@pytest.mark.parametrize(
    ("text", "articles"),
    [
        ("《水法》第七条：国家对水资源实行取水许可。", [("水法", "第七条", "国家对水资源实行取水许可。")]),
        (
            "【法律】《水法》（2016年）\n第七条：许可。\n第八条 申请。\n【法规】《河道》\n第三条：国家",
            [
                ("水法", "第七条", "许可。"),
                ("水法", "第八条", "申请。"),
                ("河道", "第三条", "国家"),
            ],
        ),
        (
            "《水法》第七条：违反本法第八条规定的，处罚款。第九条：实行许可。",
            [("水法", "第七条", "违反本法第八条规定的，处罚款。"), ("水法", "第九条", "实行许可。")],
        ),
        ("《水法》\n第七条、第八条：国家实行许可。", []),
        ("《水法》第七条", []),
        ("《水法》\n第三条第一、二、四项：有下列行为之一的", [("水法", "第三条", "有下列行为之一的")]),
    ],
)
def test_a_quoted_text_reaches_to_the_next_number_or_basis(
    text: str, articles: list[tuple[str, str, str]]
) -> None:
    assert quoted(text) == articles


def test_numbers_of_articles_are_equal_in_their_spellings() -> None:
    assert article_key("第六十条") == article_key("第60条") == article_key("第六〇条") == (60, "")
    assert article_key("第六十条之二") == (60, "二")
    assert article_key("第条") is None
