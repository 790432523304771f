"""What one revision is, cites and states, by its content and its catalogue alone."""

from __future__ import annotations

from datetime import date

from publisher.log.citations.effects import Effect
from publisher.log.citations.revision_graph import RevisionGraph, cited_text, read_graph
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue


def read(catalogue: str, content: Content) -> RevisionGraph:
    return read_graph(load_catalogue(catalogue), content)


def text_of(content: Content, one: Effect) -> str:
    return cited_text(content, one.field, one.item, one.start, one.end)


def test_a_document_has_a_number_and_a_title_and_does_not_cite_itself() -> None:
    title = "关于取消一批收费的通知"
    body = "现印发《关于取消一批收费的通知》（示政发〔2024〕18号），依据国发〔2013〕27号。"
    graph = read("policies", {"number": "示政发〔2024〕18号", "title": title, "body_markdown": body})
    assert [(work.name, work.key) for work in graph.works] == [
        ("示政发〔2024〕18号", "示政发〔2024〕18号"),
        (title, "示政发〔2024〕18号"),
    ]
    assert [(place.key, place.role) for _, _, place in graph.citations] == [("国发〔2013〕27号", "mention")]


def test_a_repeal_cites_the_sentence_that_says_it() -> None:
    sentence = "《旧收费办法》（示政发〔2001〕3号）同时废止。"
    content: Content = {
        "number": "示政发〔2024〕18号",
        "title": "关于收费的通知",
        "effective_on": "2024-07-01",
        "body_markdown": f"# 附则\n\n参照示政发〔2001〕3号。本通知自2024年7月1日起施行。{sentence}\n",
        "ends": ["示政发〔2001〕3号"],
        "explains": ["《收费条例》"],
    }
    graph = read("policies", content)
    repeal, explains = graph.effects
    assert (repeal.kind, repeal.source) == ("repeals", "示政发〔2024〕18号")
    assert repeal.target == "示政发〔2001〕3号"
    assert repeal.day == date(2024, 7, 1).toordinal()
    assert (explains.kind, explains.target) == ("interprets", "收费条例")
    assert text_of(content, repeal) == sentence


def test_a_document_without_stated_repeals_is_read() -> None:
    body = "本通知自印发之日起施行。《旧收费办法》同时废止。"
    content: Content = {"number": "示政发〔2024〕18号", "title": "关于收费的通知", "body_markdown": body}
    (repeal,) = read("policies", content).effects
    assert (repeal.kind, repeal.target) == ("repeals", "旧收费办法")
    assert (
        cited_text(content, repeal.field, repeal.item, repeal.start, repeal.end) == "《旧收费办法》同时废止。"
    )


def test_a_statute_is_repealed_or_replaced_by_its_new_edition() -> None:
    by: Content = {"repealed_by": "中华人民共和国水法", "repealed_article": "第八十二条"}
    row: Content = {"title": "旧水条例", **by}
    (repeal,) = read("statutes", {**row, "repealed_on": "2002-10-01"}).effects
    assert (repeal.kind, repeal.source, repeal.target, repeal.article) == ("repeals", "水法", "旧水条例", 82)
    assert repeal.day == date(2002, 10, 1).toordinal()
    (replaced,) = read("statutes", {**row, "title": "水法"}).effects
    assert (replaced.kind, replaced.day) == ("replaces", None)


def test_titles_say_what_a_work_amends_and_implements() -> None:
    for title, expected in {
        "关于修改《水法》、《渔业法》的决定": [("amends", "水法"), ("amends", "渔业法")],
        "浙江省实施〈中华人民共和国慈善法〉办法": [("implements", "慈善法")],
        "企业所得税法实施条例": [("implements", "企业所得税法")],
        "企业法人登记管理条例施行细则": [("implements", "企业法人登记管理条例")],
        "辽宁省实施中华人民共和国水法办法": [("implements", "水法")],
        "浙江省实施<中华人民共和国慈善法>办法": [("implements", "慈善法")],
        "关于修改《水法》以及《渔业法》的决定": [("amends", "水法"), ("amends", "渔业法")],
        "關於修改《漁業法》的決定": [("amends", "渔业法")],
        "中华人民共和国刑法修正案（十一）": [("amends", "刑法")],
        "关于贯彻执行《水法》和《渔业法》的通知": [("implements", "水法"), ("implements", "渔业法")],
        "关于停止执行《收费办法》的通知": [],
        "关于暂停实施《收费办法》的通知": [],
        "关于修改《关于实施〈水法〉的办法》的决定": [("amends", "关于实施水法的办法")],
        "收费条例": [],
    }.items():
        assert [(one.kind, one.target) for one in read("statutes", {"title": title}).effects] == expected


def test_a_decision_cancels_the_item_of_its_row() -> None:
    content: Content = {
        "name": "渔业船舶设计审批",
        "decision_number": "国发〔2013〕27号",
        "decision": "下放",
        "decided_on": "2013-07-13",
    }
    graph = read("cancelled-items", content)
    (effect,) = graph.effects
    assert (effect.kind, effect.source, effect.target) == ("delegates", "国发〔2013〕27号", None)
    assert text_of(content, effect) == "渔业船舶设计审批"
    assert [(field, place.role) for field, _, place in graph.citations] == [("decision_number", "basis")]


def test_a_basis_counts_only_where_the_field_is_one() -> None:
    graph = read("power-list", {"name": "《水法》检查", "basis": "《水法》第七条"})
    assert {(field, place.article, place.role) for field, _, place in graph.citations} == {
        ("name", 0, "mention"),
        ("basis", 7, "basis"),
    }
