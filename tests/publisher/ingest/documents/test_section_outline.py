"""Anchors of sections: built from their numbers, stable when the wording changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from publisher.ingest.documents.section_outline import list_sections, write_body
from publisher.ingest.documents.table_to_markdown import write_rows


def anchors(*lines: str) -> list[str]:
    return [s.anchor for s in list_sections(write_body(lines).markdown)]


def test_anchors_are_made_of_the_numbers_of_the_sections() -> None:
    lines = ("一、目标", "（一）思想", "（二）要求", "二、措施", "（一）改革")
    assert anchors(*lines) == ["s1", "s1-1", "s1-2", "s2", "s2-1"]


def test_a_mended_word_does_not_change_an_anchor() -> None:
    assert anchors("一、目标", "（一）思想") == anchors("一、总体目标", "(一)指导思想。")


def test_an_attachment_begins_a_part_of_its_own() -> None:
    assert anchors("一、目标", "附件", "一、任务", "（一）分工") == ["s1", "p2", "p2-s1", "p2-s1-1"]


def test_numbering_that_begins_anew_begins_a_part() -> None:
    assert anchors("一、甲", "二、乙", "一、丙") == ["s1", "s2", "p2-s1"]


def test_a_number_given_twice_by_mistake_still_gives_two_anchors() -> None:
    assert anchors("一、甲", "（一）乙", "（一）丙") == ["s1", "s1-1", "s1-1b"]


@given(
    st.lists(
        st.sampled_from(["一、甲", "二、乙", "（一）丙", "（二）丁。戊。", "附件1", "己。", "第一章 总则"]),
        max_size=30,
    )
)
def test_anchors_are_distinct_and_as_many_as_the_outline(lines: list[str]) -> None:
    body = write_body(lines)
    outline = list_sections(body.markdown)
    assert [s.title for s in outline] == list(body.outline)
    assert len({s.anchor for s in outline}) == len(outline)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "3*5*2",
            "（_甲_）",
            "签字：__张三__ 。",
            "姓名：____，电话：____",
            "____年__月__日",
            "___",
            "----",
        ),
        *("[甲](http://evil.example)", "[注]: http://evil.example", "a\\", "`甲`", "# 甲", "| 甲 |"),
    ],
)
def test_no_text_is_markdown_in_a_paragraph_or_in_a_cell(text: str) -> None:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    assert markdown.render(write_body([text]).markdown) == f"<p>{text}</p>\n"
    assert f"<td>{text}</td>" in markdown.render(write_rows([["甲"], [text]]))
