"""Lines of a PDF become paragraphs by indent, width and end punctuation."""

from __future__ import annotations

from publisher.ingest.formats.pdf import PdfLine, PdfPage, join_lines

WIDTH = 20
"""Characters of a full line."""


def page(*texts: str, head: str = "", foot: str = "") -> PdfPage:
    """Build an A4 page: two spaces before a text indent its line, and a line begins every 28 points."""
    lines = [_line(text, 740 - 28 * n) for n, text in enumerate(texts)]
    lines = [*([_line(head, 800)] if head else []), *lines, *([_line(foot, 40)] if foot else [])]
    return PdfPage(595, 842, tuple(lines))


def _line(text: str, bottom: float) -> PdfLine:
    left = 90 + 16 * (len(text) - len(text.lstrip(" ")))
    return PdfLine(text.strip(), left, left + 16 * len(text.strip()), bottom + 16, bottom)


INDENTED = page(
    "各区人民政府：",
    "  为贯彻《示例省人民政府关于加强甲",
    "事项管理的通知》精神，结合实际，现通知如",
    "下，请认真贯彻执行。",
    "  一、总体要求",
    "  坚持依法依规，统筹推进各项工作任务。",
    "各单位要加强领导。",
)
PARAGRAPHS = [
    "各区人民政府：",
    "为贯彻《示例省人民政府关于加强甲事项管理的通知》精神，结合实际，现通知如下，请认真贯彻执行。",
    "一、总体要求",
    "坚持依法依规，统筹推进各项工作任务。各单位要加强领导。",
]


def test_an_indent_begins_a_paragraph_and_a_full_line_goes_on() -> None:
    assert join_lines([INDENTED]) == PARAGRAPHS


def test_without_indents_a_short_line_or_a_number_ends_a_paragraph() -> None:
    lines = [
        "为贯彻上级精神，结合实际，现就有关事项通",
        "知如下，请认真贯彻执行。",
        "一、坚持依法依规，统筹推进各项工作任务。",
        "二、各单位要加强领导，落实责任，形成合力",
        "并及时报送情况。",
    ]
    assert join_lines([page(*lines)]) == [
        "为贯彻上级精神，结合实际，现就有关事项通知如下，请认真贯彻执行。",
        lines[2],
        "二、各单位要加强领导，落实责任，形成合力并及时报送情况。",
    ]


def test_a_title_in_brackets_is_never_broken() -> None:
    assert join_lines([page("根据《示例市甲", "  管理办法》执行有关规定并做好工作落实。", "完。")])[
        0
    ].startswith("根据《示例市甲管理办法》")


def test_page_numbers_and_running_heads_are_dropped_and_paragraphs_go_on_over_pages() -> None:
    pages = [
        page("  为贯彻上级精神，结合实际，现就有关", head="示例市人民政府公报", foot="— 1 —"),
        page("事项通知如下。", "  一、总体要求", head="示例市人民政府公报", foot="- 2 -"),
        page("  依法推进。", head="示例市人民政府公报", foot="第 3 页 共 3 页"),
    ]
    assert join_lines(pages) == [
        "为贯彻上级精神，结合实际，现就有关事项通知如下。",
        "一、总体要求",
        "依法推进。",
    ]


def test_a_number_inside_the_text_stays() -> None:
    lines = ("  示例市统计局公布的数字如下所列，供各单位", "参考使用。", "  2026", "  以上数字请认真核对。")
    assert join_lines([page(*lines)])[1] == "2026"
