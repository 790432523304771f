"""Text that a page hides or strikes out is not text of the document."""

from __future__ import annotations

import pytest

from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.documents.pages import (
    ANNOUNCEMENT,
    CASES,
    body,
    case,
    codes,
    content,
    html,
    read_page,
)


@pytest.mark.parametrize(
    "hidden",
    [
        "<div class='ng-hide'>{}</div>",
        "<div class='detail el-hide'>{}</div>",
        "<div style='display:none'>{}</div>",
        "<div style='color:red; DISPLAY : none !important'>{}</div>",
        "<div style='visibility:hidden'>{}</div>",
        "<div style='font-size:0'>{}</div>",
        "<div hidden>{}</div>",
        "<div aria-hidden='true'>{}</div>",
        "<div class='d-none'>{}</div>",
        "<template>{}</template>",
        "<noscript>{}</noscript>",
        "<del>{}</del>",
        "<s>{}</s>",
        "<strike>{}</strike>",
        "<span style='text-decoration: line-through'>{}</span>",
        "<div class='secret'>{}</div>",
        "<div id='secret2'>{}</div>",
        "<div ng-show='false'>{}</div>",
    ],
)
def test_text_that_a_reader_does_not_see_is_not_text(hidden: str) -> None:
    unseen = hidden.format("看不见的文字，不应当进入正文。")
    style = (
        "<style>.secret, #secret2 { display: none } @media print { .TRS_Editor { display: none } }</style>"
    )
    page = html(
        f"<h1>{ANNOUNCEMENT}</h1><div class='TRS_Editor'><p>甲{unseen}乙</p><p>正文。</p>{unseen}尾。</div>",
        style,
    )
    text = body(content(page))
    assert "看不见" not in text
    assert "甲" in text
    assert "乙" in text
    assert text.endswith("尾。")


@pytest.mark.parametrize(
    "tag", ["s", "strike", "del", "S", "b hidden", "u hidden", "small style='display:none'"]
)
def test_struck_and_hidden_elements_may_contain_paragraphs_and_are_told(tag: str) -> None:
    unseen = f"<{tag}><p>删去的一段。</p><p>删去的二段。</p></{tag.split(maxsplit=1)[0]}>"
    page = html(f"<h1>{ANNOUNCEMENT}</h1><div class='TRS_Editor'><p>前文。</p>{unseen}<p>后文。</p></div>")
    assert body(content(page)) == "前文。\n\n后文。"
    finding = next(f for f in read_page(page).findings if f.code == "hidden-text")
    assert finding.severity == "info"
    assert "12个字" in finding.message_zh


@pytest.mark.parametrize(
    "style",
    [
        "position:absolute;left:-9999px",
        "text-indent:-999em",
        "height:0;overflow:hidden",
        "margin-left:-2000px",
    ],
)
def test_text_far_outside_the_page_is_not_text(style: str) -> None:
    page = html(
        f"<h1>{ANNOUNCEMENT}</h1><div class='TRS_Editor'><p>前文。</p><p style='{style}'>看不见。</p>"
        "<p>后文。</p></div>"
    )
    assert body(content(page)) == "前文。\n\n后文。"


def test_menus_that_are_hidden_outside_the_text_are_not_told() -> None:
    page = html(
        f"<div hidden>菜单</div><h1>{ANNOUNCEMENT}</h1>"
        "<div class='TRS_Editor'><p>前文。</p><p>后文。</p></div>"
    )
    assert "hidden-text" not in codes(page)


def test_hidden_copies_of_the_text_and_the_foot_of_the_page_are_left_out() -> None:
    fields = case("r06_hidden")
    assert fields["title"] == ANNOUNCEMENT
    assert body(fields) == "现将甲事项公告如下，请有关单位遵照执行，具体要求另行通知。"
    assert "document-twice" not in codes((CASES / "r06_hidden.html").read_bytes())


def test_hidden_rows_of_a_table_are_read_and_deleted_words_are_told() -> None:
    reading = read_file(
        (CASES / "t31_html.html").read_bytes(), name="t.html", catalogue=load_catalogue("power-list")
    )
    assert [
        (r.content.get("code"), r.content["name"], r.content.get("sub_name")) for r in reading.records
    ] == [
        ("A1", "甲许可", "子一"),
        ("A2", "甲许可", "子二"),
        ("A3", "隐藏许可", None),
        ("A4", "新名许可", None),
        ("A5", "戊许可", None),
    ]
    assert {f.code for f in reading.findings} >= {"hidden-rows", "cell-text-unseen"}


@pytest.mark.parametrize(
    ("attributes", "style"),
    [
        ("class='tab on'", ".tab{display:none} .tab.on{display:block}"),
        ("class='tab on'", ".tab{display:none} .tabs > .on, .x{display:block}"),
        ("class='tab'", "<!-- .tab{display:none} --> /* { */ .tab:first-child {display:block}"),
        ("class='wide'", ".wide{display:none} @media screen and (min-width:768px){.wide{display:block}}"),
        ("class='a'", "#b{} .a{visibility:hidden} .a{visibility:visible}"),
        ("class='a'", ".a{display:block!important} .a{display:none}"),
        ("class='hide'", ".hide{display:block}"),
        ("class='hide on'", ".hide.on{display:block}"),
        ("class='hide' style='display:block'", ""),
        ("class='d-none d-md-block'", ""),
        ("class='hidden lg:block'", ""),
        ("class='mobile-hide'", ""),
        ("class='scrollbar-hide'", ""),
        ("style='position:absolute;left:50%;margin-left:-600px'", ""),
        ("style='margin-left:-100px'", ""),
        ("class='gap'", ".gap{font-size:0} .gap p{font-size:14px}"),
        ("class='noprint'", "</style><style media='print'>.noprint{display:none}"),
        ("class='js'", "</style><noscript><style>.js{display:none}</style></noscript><style>"),
        ("class='a'", ".a{display:none}</style><style media='all'>.a{display:block}"),
        ("class='a'", ".a{display:none} .b{</style><style>.a{display:block}"),
        ("class='a'", ".a{display:none} .x:after{content:'}{'} .a{display:block}"),
        ("class='a'", ".a{ .b{color:red;display:none;} }"),
        ("class='a'", ".a{display:none} .a{display:block ! important}"),
        ("class='a'", ".a{display:none} @media screen, print{.a{display:block}}"),
        ("class='a'", ".a{display:none} @supports (display:grid){.a{display:grid}}"),
        ("class='a'", ".a{display:none} body > div .a{display:block}"),
        ("class='a'", ".a{display:none}" + ".x .a{color:red;top:0}" * 600 + ".a{display:block}"),
    ],
)
def test_text_that_another_rule_shows_is_text(attributes: str, style: str) -> None:
    shown = f"<div class='tabs'><div {attributes}><p>看得见的文字。</p></div></div>"
    page = html(
        f"<h1>{ANNOUNCEMENT}</h1><div class='TRS_Editor'><p>正文。</p>{shown}</div>",
        f"<style>{style}</style>",
    )
    assert "看得见的文字。" in body(content(page))


@pytest.mark.parametrize(
    ("attributes", "style"),
    [
        ("class='tab'", ".tab{display:none} .tab.on{display:block} .tab:hover{display:block}"),
        ("class='small'", ".small{display:none} @media (max-width:768px){.small{display:block}}"),
        ("class='paper'", ".paper{display:none} @media print{.paper{display:block}}"),
        ("class='a hide'", ".a{display:block} .hide{display:none}"),
        ("class='a d-none'", ".a{display:block}"),
        ("class='hide'", ".hide.on{display:block}"),
        ("class='a'", ".a{font-size:0} .a p{font-size:1em}"),
        ("class='a'", "</style><style media='screen'>.a{display:none ! important}</style><style>"),
        ("class='a'", '.x:after{content:"/*"} .a{display:none} /* */'),
    ],
)
def test_text_that_no_rule_shows_is_not_text(attributes: str, style: str) -> None:
    hidden = f"<div {attributes}><p>看不见的文字。</p></div>"
    page = html(
        f"<h1>{ANNOUNCEMENT}</h1><div class='TRS_Editor'><p>正文。</p>{hidden}</div>",
        f"<style>{style}</style>",
    )
    assert body(content(page)) == "正文。"
