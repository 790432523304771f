"""Pages of official documents become one record each, and every line is accounted for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.ingest.documents.official_document import MAX_TEXT, read_document
from publisher.ingest.parsed_file import UnreadableFile
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.documents.pages import (
    FOOT,
    HEAD,
    LABELS,
    LETTER,
    NUMBER,
    PAGE,
    TITLE,
    codes,
    content,
    html,
    paragraphs,
    read_page,
)
from tests.support.shared_data import require


def test_a_page_gives_number_issuer_kind_dates_addressees_and_source() -> None:
    fields = content(PAGE)
    assert fields | {"body_markdown": "", "outline": [], "references": []} == {
        "number": NUMBER,
        "title": TITLE,
        "issuer": "鞍山市人民政府",
        "kind": "通知",
        "date_written": "2015-11-05",
        "date_published": "2015-11-05",
        "source": "鞍山市人民政府",
        "recipients": "各县(市)区人民政府,市政府各部门",
        "body_markdown": "",
        "outline": [],
        "references": [],
    }


def test_sections_become_headings_and_members_of_a_list_do_not() -> None:
    fields = content(PAGE)
    assert fields["outline"] == ["工作方案", "一、指导思想", "(一)总体要求", "(二)工作目标", "二、措施"]
    blocks = str(fields["body_markdown"]).split("\n\n")
    assert blocks[4] == "# 工作方案"
    assert blocks[6:9] == ["## 一、指导思想", "### (一)总体要求。", "贯彻执行。"]
    assert blocks[-4:] == ["申请人应当提交下列材料:", "(一)申请书;", "(二)身份证明。", "附件:1.任务分工表"]


def test_page_furniture_is_left_out_and_listed() -> None:
    reading = read_page(PAGE)
    assert [(x.text, x.reason) for x in reading.left_out] == [
        ("【字体:", "note"),
        ("打印本页关闭窗口", "note"),
        ("TOP", "note"),
    ]
    assert "打印本页" not in str(reading.records[0].content)


def test_a_date_that_lost_a_character_is_read_because_one_reading_is_the_day_of_publication() -> None:
    reading = read_page(PAGE)
    record = reading.records[0]
    assert record.content["date_written"] == "2015-11-05"
    assert record.originals["date_written"] == "2015115日"
    (finding,) = [f for f in reading.findings if f.code == "date-repaired"]
    assert (finding.severity, finding.found, finding.row) == ("warning", "2015115日", 15)
    assert "发布时间" in finding.message_zh
    assert "2015-01-15" in finding.message_zh


def test_without_evidence_a_damaged_date_stays_blank_and_is_flagged() -> None:
    for page in (PAGE.replace("发布时间:2015-11-05", ""), PAGE.replace("2015-11-05", "2015-12-01")):
        reading = read_page(page)
        assert "date_written" not in reading.records[0].content
        assert reading.records[0].originals["date_written"] == "2015115日"
        (finding,) = [f for f in reading.findings if f.code == "date-ambiguous"]
        assert finding.severity == "warning"


def test_a_damaged_number_is_corrected_in_the_references_and_its_original_kept() -> None:
    record = read_page(PAGE).records[0]
    assert record.content["references"] == [
        "《辽宁省人民政府关于印发方案的通知》",
        "辽政发〔2015〕19号",
        "《中华人民共和国行政许可法》第十二条",
    ]
    assert record.originals["references"] == "辽政发〔201519号"
    assert "number-repaired" in codes(PAGE)


def test_a_damaged_number_of_the_document_itself_is_corrected_and_reported() -> None:
    reading = read_page(PAGE.replace(NUMBER, "鞍政发〔201534号"))
    assert reading.records[0].content["number"] == NUMBER
    assert reading.records[0].originals["number"] == "鞍政发〔201534号"
    assert "repaired" in [f.code for f in reading.findings]


def test_a_notice_that_stands_twice_is_one_document() -> None:
    again = f"{TITLE}\n信息来源:鞍山市人民政府 发布时间:2015-11-05\n\n{LETTER}"
    reading = read_page(PAGE + again)
    assert reading.records[0].content == read_page(PAGE).records[0].content
    assert [f.code for f in reading.findings if f.code.startswith("document-")] == ["document-twice"]
    assert {x.reason for x in reading.left_out} == {"note", "duplicate"}


def test_a_second_copy_with_another_text_is_reported() -> None:
    again = f"{TITLE}\n{LETTER.replace('二、措施', '二、重点措施')}"
    reading = read_page(PAGE + again)
    (finding,) = [f for f in reading.findings if f.code == "document-copies-differ"]
    assert finding.found == "二、重点措施"


def test_the_title_repeated_above_the_letter_is_no_second_copy() -> None:
    page = f"{TITLE}\n{LABELS}\n{TITLE}\n{LETTER}"
    assert "document-twice" not in codes(page)
    assert content(page)["body_markdown"] == content(PAGE)["body_markdown"]


def test_meta_tags_speak_before_the_text() -> None:
    head = (
        f'<meta name="ArticleTitle" content="{TITLE}"><meta name="PubDate" content="2015-11-05 10:20">'
        '<meta name="ContentSource" content="市政府办公室"><title>别的标题_鞍山市人民政府</title>'
    )
    page = html(f"<p>首页 &gt; 政务公开</p><h1>{TITLE}</h1>{paragraphs(LETTER)}<script>x()</script>", head)
    for data in (page.encode("gb18030"), page.encode()):
        fields = content(data)
        assert fields["title"] == TITLE
        assert fields["date_published"] == fields["date_written"] == "2015-11-05"
        assert fields["source"] == "市政府办公室"
        assert fields["body_markdown"] == content(PAGE)["body_markdown"]
    reading = read_page(page.encode("gb18030"))
    assert [x.text for x in reading.left_out] == ["首页 > 政务公开"]
    assert "PubDate" in next(f for f in reading.findings if f.code == "date-repaired").message_zh


def test_characters_outside_gb2312_are_read_from_a_page_that_claims_it() -> None:
    page = html(f"<p>关于㐂喆镕街道更名的公告</p><p>{NUMBER}</p><p>现予公告。</p>")
    assert content(page.encode("gb18030"))["title"] == "关于㐂喆镕街道更名的公告"


def test_a_table_of_labels_is_read_and_menus_around_the_text_are_left_out() -> None:
    page = html(
        "<div><a>首页</a><a>走进政府</a></div><table>"
        "<tr><td>索 引 号：</td><td>000014349/2015-00047</td>"
        "<td>主题分类：</td><td>国务院机构\\综合政务</td></tr>"
        "<tr><td>发文机关：</td><td>国务院办公厅</td><td>成文日期：</td><td>2015年11月04日</td></tr>"
        f"<tr><td>标　　题：</td><td>{TITLE}</td></tr>"
        f"<tr><td>发文字号：</td><td>{NUMBER}</td><td>发布日期：</td><td>2015年11月05日</td></tr></table>"
        f'<div id="UCAP-CONTENT"><p>{TITLE}</p>{paragraphs(LETTER)}</div><p>热点推荐</p>'
    )
    reading = read_page(page.encode())
    fields = reading.records[0].content
    assert fields["index_number"] == "000014349/2015-00047"
    assert fields["topic"] == "国务院机构\\综合政务"
    assert fields["issuer"] == "国务院办公厅"
    assert (fields["number"], fields["title"]) == (NUMBER, TITLE)
    assert (fields["date_written"], fields["date_published"]) == ("2015-11-04", "2015-11-05")
    assert reading.records[0].originals["date_written"] == "2015年11月04日"
    assert [x.text for x in reading.left_out] == ["首页走进政府", "热点推荐"]


def test_an_importer_takes_a_page_with_a_table_of_labels_for_a_document() -> None:
    page = html(
        f"<table><tr><td>索引号：</td><td>1</td><td>发文字号：</td><td>{NUMBER}</td></tr>"
        f"<tr><td>标题：</td><td>{TITLE}</td><td>发布日期：</td><td>2015-11-05</td></tr></table>"
        f"{paragraphs(LETTER)}"
    )
    reading = read_file(page.encode(), name="a.html", catalogue=load_catalogue("policies"))
    assert [r.content["number"] for r in reading.records] == [NUMBER]
    assert "body_markdown" in reading.records[0].content


def test_an_order_is_recognised_by_its_number() -> None:
    page = (
        "鞍山市人民政府令\n第180号\n《鞍山市户外广告管理办法》现予公布。\n市长 某某\n2015年3月1日\n"
        "鞍山市户外广告管理办法\n第一章 总则\n第一条 为了规范管理,制定本办法。\n"
        "第二章 管理\n第二条 本办法适用于本市。\n"
    )
    fields = content(page)
    assert (fields["number"], fields["kind"], fields["issuer"]) == (
        "鞍山市人民政府令第180号",
        "命令",
        "鞍山市人民政府",
    )
    assert fields["date_written"] == "2015-03-01"
    assert fields["outline"] == ["鞍山市户外广告管理办法", "第一章 总则", "第二章 管理"]


def test_a_page_without_a_number_is_identified_by_title_and_issuer() -> None:
    page = "关于停水的公告\n\n因施工停水。\n\n鞍山市水利局\n鞍山市住房和城乡建设局\n二〇一五年十一月五日\n"
    fields = content(page)
    assert "number" not in fields
    assert (fields["title"], fields["kind"]) == ("关于停水的公告", "公告")
    assert fields["issuer"] == "鞍山市水利局、鞍山市住房和城乡建设局"
    assert fields["date_written"] == "2015-11-05"
    assert codes(page) == ["document-without-number"]


def test_a_title_broken_over_lines_is_one_title() -> None:
    title = "鞍山市人民政府\n关于印发2015年推进简政放权\n工作方案的通知"
    page = f"{NUMBER}\n{title}\n各部门:\n请执行。\n2015年11月5日\n"
    assert content(page)["title"] == "鞍山市人民政府关于印发2015年推进简政放权工作方案的通知"


def test_a_document_without_a_date_says_so() -> None:
    assert "document-without-date" in codes("关于停水的公告\n因施工停水。\n")


def test_attachments_begin_a_part_of_their_own() -> None:
    attached = "附件1\n任务分工表\n一、任务\n完成。\n附件2\n名单\n一、成员\n某。\n"
    page = f"{TITLE}\n{NUMBER}\n各部门:\n请执行。\n2015年11月5日\n{attached}"
    assert content(page)["outline"] == ["附件1 任务分工表", "一、任务", "附件2 名单", "一、成员"]


def test_signs_of_markup_in_the_text_are_only_text() -> None:
    hostile = "# 不是标题\n<script>alert(1)</script>[点](javascript:x)\n[1992]价费字240号\n"
    page = f"{TITLE}\n{NUMBER}\n各部门:\n{hostile}"
    body = str(content(page)["body_markdown"])
    assert body.split("\n\n") == [
        "\\# 不是标题",
        "\\<script>alert(1)\\</script>[点\\](javascript:x)",
        "[1992]价费字240号",
    ]


def test_view_counts_do_not_make_another_text() -> None:
    one, two = (read_page(PAGE.replace("浏览次数:", f"浏览次数:{n}")).records[0].source_text for n in (1, 2))
    assert one == two
    assert read_page(PAGE.replace("明确目标", "明确任务")).records[0].source_text != one


def test_a_table_of_more_columns_than_are_read_keeps_its_texts() -> None:
    rows = ("事项", "时限"), ("食品经营许可", "20日")
    table = "".join(f"<tr><td colspan=600></td>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows)
    reading = read_document(
        html(f"{HEAD}<p>现将有关事项公布如下，请遵照执行。</p><table>{table}</table>{FOOT}"),
        name="f",
        digest="",
        media_type="text/html",
        catalogue=load_catalogue("policies"),
    )
    markdown = str(reading.records[0].content["body_markdown"])
    assert "| 食品经营许可 | 20日 |" in markdown


def test_a_page_without_text_is_refused() -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_document(
            html("<p>打印本页</p>"),
            name="f",
            digest="",
            media_type="text/html",
            catalogue=load_catalogue("policies"),
        )
    assert caught.value.finding.code == "no-document"


def test_a_page_whose_text_is_only_a_framed_file_says_that_its_text_is_blank() -> None:
    title = "<h1>示例市人民政府关于印发收费标准的通知</h1>"
    reading = read_page(f"<html><body>{title}<iframe src='/files/1.pdf'></iframe></body></html>")
    (record,) = reading.records
    assert not record.content.get("body_markdown")
    (blank,) = (finding for finding in reading.findings if finding.code == "body-blank")
    assert blank.severity == "warning"
    assert "/files/1.pdf" in str(blank)
    assert "body-blank" not in codes(PAGE)


def test_a_page_beyond_all_measure_is_refused() -> None:
    with pytest.raises(UnreadableFile) as caught:
        read_page(f"{'正文。' * 100}\n" * (MAX_TEXT // 300))
    assert caught.value.finding.code == "file-too-large"


@pytest.mark.slow
@pytest.mark.parametrize("count", [20_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_a_line_repeated_many_thousand_times_is_one_document(count: int) -> None:
    assert read_page("同一行文字内容重复出现\n" * count).sheets[0].rows == count


@given(
    st.text(
        alphabet=st.sampled_from(
            "一、（一）(二)关于通知令第1号2015年11月5日:：。；\n鞍山市政府发〔〕《》附件<>#*标题"
        )
    )
)
def test_any_text_is_one_document_or_none(text: str) -> None:
    try:
        reading = read_document(
            text, name="f", digest="", media_type="text/plain", catalogue=load_catalogue("policies")
        )
    except UnreadableFile as refused:
        assert refused.finding.code == "no-document"  # noqa: PT017 -- either outcome is right
        return
    report = reading.sheets[0]
    assert report.rows == report.records + report.continuations + report.left_out


@pytest.mark.shared
def test_the_founding_notice_is_one_document_with_all_its_parts() -> None:
    path = require("notice-anshan-2015", "page.txt")
    reading = read_file(path.read_bytes(), name=path.name, catalogue=load_catalogue("policies"))
    (record,) = reading.records
    fields = record.content
    assert (fields["number"], fields["issuer"], fields["kind"]) == (NUMBER, "鞍山市人民政府", "通知")
    assert fields["title"] == "鞍山市人民政府关于印发2015年推进简政放权放管结合转变政府职能工作方案的通知"
    assert (fields["date_written"], fields["date_published"]) == ("2015-11-05", "2015-11-05")
    assert isinstance(fields["outline"], list)
    assert len(fields["outline"]) == 18
    assert fields["outline"][1:3] == ["一、指导思想和工作目标", "(一)指导思想"]
    assert isinstance(fields["references"], list)
    assert "辽政发〔2015〕19号" in fields["references"]
    assert record.originals["date_written"] == "2015115日"
    assert record.originals["references"] == "辽政发〔201519号"
    assert {f.code for f in reading.findings} == {"document-twice", "date-repaired", "number-repaired"}
    report = reading.sheets[0]
    assert (report.rows, report.records, report.continuations, report.left_out) == (89, 1, 42, 46)
    assert sum(x.reason == "duplicate" for x in reading.left_out) == 43


def test_a_date_below_the_title_gives_way_to_that_of_the_signature_and_not_to_one_of_an_attachment() -> None:
    lines = ["关于印发甲办法的通知", "2014年12月1日", "各区：", "正文。"]
    attachment = ["附件", "鞍山市财政局", "2016年1月1日"]
    for signature, day in ((["鞍山市人民政府", "2015年3月1日"], "2015-03-01"), ([], "2014-12-01")):
        text = "\n".join([*lines, *signature, *attachment])
        reading = read_file(text.encode(), name="f.txt", catalogue=load_catalogue("policies"))
        assert reading.records[0].content["date_written"] == day
