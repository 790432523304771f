"""Which statutes of a cell are bases: the forms of real cells."""

from datetime import date

import pytest

from schemas.reference.legal_bases import find_cited_statutes

BASES = {
    "《水法》第七条、《防洪法》第三条": ["水法", "防洪法"],
    "【法律】《水法》（2016年修正）\n第七条：依法实行取水许可。\n【法规】《取水许可条例》第二条": [
        "水法",
        "取水许可条例",
    ],
    "1.《水法》第七条；2.《防洪法》第三条": ["水法", "防洪法"],
    "法律：《水法》\n行政法规：《防汛条例》第八条": ["水法", "防汛条例"],
    "根据《水法》第七条的规定，制定本办法。": ["水法"],
    "法律】《水法》\n第七条：实行取水许可制度。": ["水法"],
    "【规章】生态环境部、水利部《关于监督执法事项的通知》": ["关于监督执法事项的通知"],
    "《水法》第四十八条 直接取用水资源的，应当申请取水许可。 【法规】 《防汛条例》第八条": [
        "水法",
        "防汛条例",
    ],
    "《水法》第十二条第一项和第二项：有下列情形之一的": ["水法"],
    "《水法》": ["水法"],
}
MENTIONS = {
    "【法律】《水法》\n第六十五条：构成犯罪的，依照《治安管理处罚条例》的规定处罚。": ["治安管理处罚条例"],
    "《甲办法》第十六条：违反本办法的，按照《公司登记管理条例》、《无照经营查处取缔办法》和有关规定处罚。": [
        "公司登记管理条例",
        "无照经营查处取缔办法",
    ],
    "《甲办法》第八条：《档案法》所称档案的利用，是指阅览。": ["档案法"],
    "《甲办法》第九条：\n《档案法》所称档案的利用，是指阅览。": ["档案法"],
    "《甲办法》第三条 按照《公务员法》《行政监察法》等国家有关规定追究责任；涉嫌犯罪的，移送司法机关。": [
        "公务员法",
        "行政监察法",
    ],
    "《甲办法》第五条：未取得《道路运输经营许可证》的，责令停止。": ["道路运输经营许可证"],
}


@pytest.mark.parametrize("text", BASES)
def test_a_statute_that_begins_a_line_or_follows_a_label_or_a_basis_is_a_basis(text: str) -> None:
    assert [c.title for c in find_cited_statutes(text) if c.role == "basis"] == BASES[text]


@pytest.mark.parametrize("text", MENTIONS)
def test_a_statute_in_the_text_of_an_article_is_a_mention(text: str) -> None:
    assert [c.title for c in find_cited_statutes(text) if c.role == "mention"] == MENTIONS[text]


def test_a_decision_in_the_note_on_an_edition_is_not_a_basis() -> None:
    text = (
        "《防汛条例》（2011年1月8日根据《国务院关于废止和修改部分行政法规的决定》修订）\n第八条：负责防汛。"
    )
    (basis,) = find_cited_statutes(text)
    assert (basis.title, basis.article, basis.role) == ("防汛条例", "第八条", "basis")
    assert basis.dated == date(2011, 1, 8)
    lone = "《防汛条例》（根据《国务院关于修改部分行政法规的决定》修订）。"
    assert [c.role for c in find_cited_statutes(lone)] == ["basis", "edition-note"]


def test_positions_are_those_of_the_text_and_impossible_days_are_ignored() -> None:
    text = "　【法律】《水法》（2021年13月修订）\n第 七 条：取水"
    (basis,) = find_cited_statutes(text)
    assert text[basis.start : basis.end] == "《水法》（2021年13月修订）\n第 七 条"
    assert (basis.article, basis.dated) == ("第七条", None)


@pytest.mark.parametrize("label", ["设定依据", "实施依据", "处罚依据为", "1.设定依据"])
def test_a_label_without_a_colon_precedes_a_basis(label: str) -> None:
    assert [one.role for one in find_cited_statutes(f"甲\n{label}《消防法》第十五条")] == ["basis"]
