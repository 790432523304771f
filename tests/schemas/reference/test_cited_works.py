"""Works in texts: one key for every spelling, the articles and places, and the role of each citation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reference.cited_works import find_cited_works
from schemas.reference.works import key_of_title, kind_of_key, parse_key

CELL = (
    "【法律】《中华人民共和国水法》（2016年7月2日修正）第七条、第九条第二款第（三）项。\n"
    "【规范性文件】《关于公布取消的通知》（财综〔2015〕1号）第三条；国发[2013]27号附件1第23项；国令第412号第3项"
)


def test_each_article_is_a_citation_with_its_own_text() -> None:
    cited = [(w.key, w.article, w.place, w.role, CELL[w.start : w.end]) for w in find_cited_works(CELL)]
    assert cited == [
        ("水法", 7, "", "basis", "《中华人民共和国水法》（2016年7月2日修正）第七条"),
        ("水法", 9, "第二款第（三）项", "basis", "第九条第二款第（三）项"),
        ("财综〔2015〕1号", 3, "", "basis", "《关于公布取消的通知》（财综〔2015〕1号）第三条"),
        ("国发〔2013〕27号", 0, "附件1第23项", "basis", "国发[2013]27号附件1第23项"),
        ("国务院令第412号", 0, "第3项", "basis", "国令第412号第3项"),
    ]


@pytest.mark.parametrize(
    ("text", "articles"),
    [
        ("《保安服务管理条例》第三条至第五条、第十条之一", [3, 4, 5, 10]),
        ("依据《水法》第二十、二十一条规定", [20, 21]),
        ("《水法》第7条和第９条", [7, 9]),
        ("《水法》（第九届全国人大常委会通过）第五条第一项", [5]),
        ("《水法》第七至九条", [7, 8, 9]),
        ("《水法》第7-9条", [7, 8, 9]),
        ("《水法》第七条——第九条、第十二条", [7, 8, 9, 12]),
        *((f"《水法》第七{dash}九条", [7, 8, 9]) for dash in "－‐‑―─∼〜−到"),
        *(
            (f"《水法》第三十条{sign}第三十二条", [30, 32])
            for sign in ("以及", "或者", "与", "；", " ", "\n", "")
        ),
        ("《水法》第七条、第九条第一款，第十二条", [7, 9, 12]),
        ("《民法典》第一条至第一百二十条", list(range(1, 121))),
        ("《民法典》第一条至第一千二百六十条", [1, 1260]),
        ("《刑法》第二编第四章第二百三十四条", [234]),
        ("《刑法》分则第二百二十五条", [225]),
        ("《行政强制法》第三章第二节第二十二条、第四章第四十五条", [22, 45]),
        ("《消防法》第十五条/第十六条.第十七条", [15, 16, 17]),
        ("依据《水法》第七条。\n第二条 本办法适用于", [7]),
        ("违反《水法》第七条；\n第二条 本办法适用于", [7]),
        *((f"《水法》{sign}第七条 国家对水资源", [7]) for sign in "：:，、—的中"),
        ("《水法》规定：第七条", [7]),
        ("《消防法》2019年修正版第十五条", [15]),
        ("《刑法》第一百○五条", [105]),
        ("《消防法》第二十三條第二款", [23]),
        ("《水法》第七条款规定", [7]),
        ("《水法》第七条例如", [0]),
        ("《水法》", [0]),
        (f"《水法》第{'1' * 5000}条", [0]),
        (f"《水法》第{'三' * 5000}条", [0]),
    ],
)
def test_articles_of_lists_and_ranges(text: str, articles: list[int]) -> None:
    assert [work.article for work in find_cited_works(text)] == articles


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("《水法》第十二条第（一）、（二）项", "第（一）、（二）项"),
        ("《水法》第十二条第一款、第二款", "第一款、第二款"),
        ("《水法》第十二条第一款和第二款，第十三条", "第一款和第二款"),
        ("《水法》第十二条第（五）项至第（七）项", "第（五）项至第（七）项"),
        ("《水法》第十二条第一、二款", "第一、二款"),
        ("《水法》第十二条第1-3项", "第1-3项"),
        ("《水法》第十二条（三）、（四）项", "（三）、（四）项"),
        ("《水法》第十二条第二款第（一）项、第（三）项", "第二款第（一）项、第（三）项"),
        ("《水法》第十二条第二款、第十三条第一款", "第二款"),
        ("国发〔2014〕5号附件1第23、24项", "附件1第23、24项"),
        ("国发〔2014〕5号附件1第23项至第25项", "附件1第23项至第25项"),
    ],
)
def test_a_place_keeps_all_its_parts(text: str, place: str) -> None:
    assert find_cited_works(text)[0].place == place


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("《〈中华人民共和国水法〉实施办法》第三条", ["水法实施办法"]),
        ("依据辽宁省实施《中华人民共和国水法》办法第三条", ["辽宁省实施水法办法"]),
        ("实施《水法》办法的通知", ["水法"]),
        ("<<消防法>>第十五条", ["消防法"]),
        ("≪消防法≫第十五条", ["消防法"]),
        ("「消防法」第十五条", ["消防法"]),
        ("「放管服」改革", []),
        ("依据中华人民共和国水法（2016年修正）第七条", ["水法"]),
        ("中华人民共和国水法", []),
        ("《中华人民共和国消防法（2021年版）》第十五条", ["消防法"]),
        ("《产业结构调整指导目录（2019年本）》", ["产业结构调整指导目录2019年本"]),
        ("《中華人民共和國消防法》第二十三條；國務院令第588號", ["消防法", "国务院令第588号"]),
        ("《消防法》第十五条，同法第六十条", ["消防法", "消防法"]),
        ("《消防条例》第十五条，同法第六十条", ["消防条例"]),
        ("同法第六十条", []),
        ("《邮政条例》（以下简称《条例》）第三条，《条例》第九条", ["邮政条例", "邮政条例"]),
        ("国家主席令第46号", ["主席令第46号"]),
        ("国务院令〔2011〕588号", ["国务院令第588号"]),
        ("海关总署公告〔2019〕39号", ["海关总署公告2019年第39号"]),
        ("示政公告〔2026〕2号", ["示政公告〔2026〕2号"]),
    ],
)
def test_titles_and_numbers_in_any_marks_name_one_work(text: str, keys: list[str]) -> None:
    assert [work.key for work in find_cited_works(text)] == keys


def test_a_range_keeps_the_places_of_its_ends() -> None:
    cited = find_cited_works("《水法》第七条第二款至第九条第一款")
    assert [(work.article, work.place) for work in cited] == [(7, "第二款"), (8, ""), (9, "第一款")]


def test_the_number_after_the_title_of_a_statute_is_a_note_on_its_edition() -> None:
    statute, order = find_cited_works("《保安服务管理条例》（国务院令第564号）第三条")
    assert (statute.key, statute.role, statute.article) == ("保安服务管理条例", "basis", 3)
    assert (order.key, order.role, order.kind) == ("国务院令第564号", "edition-note", "order")


@pytest.mark.parametrize(
    ("text", "role", "article"),
    [
        ("1.国务院关于加强收费管理的通知（国发〔2013〕27号）第三条：公示。", "basis", 3),
        ("关于印发《收费办法》的通知（国发〔2013〕27号）", "basis", 0),
        ("《水法》第七条、关于收费的通知(2013年5月1日国发[2013]27号)", "basis", 0),
        ("关于收费的意见（国发〔2012〕1号）、关于停止收费的通知（国发〔2013〕27号）", "basis", 0),
        ("《水法》第七条：按照关于收费的通知（国发〔2013〕27号）的规定公示。", "mention", 0),
        ("关于收费的通知（根据国发〔2013〕27号修订）", "edition-note", 0),
        ("收费标准（国发〔2013〕27号）", "edition-note", 0),
    ],
)
def test_the_number_after_a_title_without_marks_is_the_document_itself(
    text: str, role: str, article: int
) -> None:
    number = find_cited_works(text)[-1]
    assert (number.key, number.role, number.article) == ("国发〔2013〕27号", role, article)


def test_a_work_in_a_quoted_text_is_a_mention() -> None:
    text = "《水法》第七条：取水应当遵守国发〔2013〕27号和《土地法》的规定"
    assert [(work.key, work.role) for work in find_cited_works(text)] == [
        ("水法", "basis"),
        ("国发〔2013〕27号", "mention"),
        ("土地法", "mention"),
    ]


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("《中华人民共和国水法》", "水法"),
        ("中华人民共和国水法（2016年修正）", "水法"),
        ("水法【2016年修正】", "水法"),
        ("水法（2009年修正）（2016年修正）", "水法"),
        ("水法（中华人民共和国主席令第74号）", "水法"),
        ("水法2016年修正", "水法"),
        ("中華人民共和國水法", "水法"),
        ("收费办法（试行）", "收费办法试行"),
        ("原建设部令第125号", "建设部令第125号"),
        ("公安部令〔2012〕120号", "公安部令2012年第120号"),
        ("浙江省实施〈中华人民共和国慈善法〉办法", "浙江省实施慈善法办法"),
        ("示政发[2024]18号", "示政发〔2024〕18号"),
        ("示政发（2024）第18号", "示政发〔2024〕18号"),
        ("〔1992〕价费字198号", "价费字〔1992〕198号"),
        ("中华人民共和国国务院令第412号", "国务院令第412号"),
        ("国令第412号", "国务院令第412号"),
        ("中华人民共和国", ""),
        ("〔2015〕34号", "201534号"),
    ],
)
def test_a_work_has_one_key(spelling: str, key: str) -> None:
    assert parse_key(spelling) == key
    assert parse_key(key) == key


@given(st.text(max_size=40))
def test_a_key_is_its_own_key_and_stands_in_an_address(title: str) -> None:
    key = key_of_title(title)
    assert key_of_title(key) == key
    assert not set(key) & set("/?#%《》 ")


@given(st.text(alphabet="《》〈〉（）第一二三条款项至、号令〔2015〕国务院法附件 \n", max_size=60))
def test_positions_are_in_the_text(text: str) -> None:
    for work in find_cited_works(text):
        assert work.key
        assert 0 <= work.start < work.end <= len(text)


def test_kinds_of_works() -> None:
    keys = ("水法", "国发〔2013〕27号", "国务院令第412号", "关于取消的决定")
    assert [kind_of_key(key) for key in keys] == ["statute", "document", "order", "decision"]
