"""Pages that once came out wrong: the files in ``cases`` and others like them."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.ingest.read_file import read_file
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.documents.test_documents import codes, html, read_page

CASES = Path(__file__).parent / "cases"
HEAD = "<p>示例市人民政府关于甲事项的通知</p><p>示政发〔2026〕7号</p><p>各区人民政府：</p>"
FOOT = "<p>示例市人民政府</p><p>2026年1月5日</p>"


def content(page: str | bytes) -> Content:
    return dict(read_page(page).records[0].content)


def case(name: str) -> Content:
    return content((CASES / f"{name}.html").read_bytes())


def body(fields: Content) -> str:
    return str(fields["body_markdown"])


def letter(*paragraphs: str) -> Content:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return content(html(f"<div class='TRS_Editor'>{HEAD}{text}{FOOT}</div>"))


def test_a_heading_in_the_line_of_its_text_keeps_its_full_stop() -> None:
    fields = case("r01_runin_heading")
    assert body(fields).split("\n\n")[:7] == [
        "## 一、营造优良环境",
        "### （一）将施工许可下放至试验区。",
        "（负责部门：市住建局）",
        "### （二）在试验区内，不再收取甲费。",
        "（负责部门：市财政局）",
        "### （三）指导思想。",
        "以某某为指导，坚持稳中求进。",
    ]
    assert fields["outline"] == [
        "一、营造优良环境",
        "（一）将施工许可下放至试验区",
        "（二）在试验区内，不再收取甲费",
        "（三）指导思想",
    ]


def test_the_day_of_issue_is_not_the_day_on_which_a_page_is_put_online() -> None:
    fields = case("r02_effective_old")
    assert (fields["date_written"], fields["date_published"]) == ("2005-05-17", "2018-12-03")
    assert fields["effective_on"] == "2005-05-17"


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("本办法自发布之日起施行。", "2026-01-05"),
        ("本办法自公布之日起30日后施行。", None),
        ("本办法自公布之日起满三十日后施行。", None),
        ("本办法自2026年3月1日起施行，有效期5年。", "2026-03-01"),
        ("本办法自二〇二六年三月一日起正式施行。", "2026-03-01"),
        ("本公告自2026年1月1日至2027年12月31日执行。", "2026-01-01"),
        ("《乙办法》自2015年1月1日起施行，本通知自下发之日起执行。", "2026-01-05"),
        ("本办法自公布后次月1日起施行。", None),
        ("本办法自2026年第二季度起施行。", None),
    ],
)
def test_the_day_of_effect_is_the_documents_own_or_blank_with_a_finding(
    sentence: str, day: str | None
) -> None:
    page = html(f"<div class='TRS_Editor'>{HEAD}<p>{sentence}</p>{FOOT}</div>")
    assert content(page).get("effective_on") == day
    assert ("effective-day-unclear" in codes(page)) == (day is None)


@pytest.mark.parametrize(
    "sentence",
    [
        "《乙办法》自2015年1月1日起施行。",
        "自《乙办法》施行之日起，按新规定办理。",
        "第三条自2026年7月1日起施行。",
        "企业应当自2026年3月1日起执行新标准。",
    ],
)
def test_another_documents_day_of_effect_is_not_the_own(sentence: str) -> None:
    assert "effective_on" not in letter(sentence)


def test_two_statements_that_differ_give_no_day_of_effect() -> None:
    sentences = ("本通知自印发之日起执行。", "本办法自2026年7月1日起施行。")
    page = html(f"<div class='TRS_Editor'>{HEAD}<p>{'</p><p>'.join(sentences)}</p>{FOOT}</div>")
    assert "effective_on" not in content(page)
    assert "effective-day-unclear" in codes(page)


def test_only_a_subject_is_ended_on_a_page() -> None:
    assert "ends" not in case("r03_false_ends")
    record = read_page(
        html(f"<div class='TRS_Editor'>{HEAD}<p>《甲办法》（示政发〔2010〕3号）同时废止。</p>{FOOT}</div>")
    ).records[0]
    assert record.content["ends"] == ["示政发〔2010〕3号"]
    assert record.originals["ends"] == "《甲办法》（示政发〔2010〕3号）同时废止。"


def test_a_decree_keeps_its_own_text_and_signature() -> None:
    fields = case("r04_order")
    assert (fields["number"], fields["kind"], fields["issuer"]) == ("国令第706号", "命令", "国务院")
    assert (fields["title"], fields["date_written"]) == ("示例市代理管理办法", "2026-01-05")
    blocks = body(fields).split("\n\n")
    assert blocks[0].startswith("《示例市代理管理办法》已经2026年1月4日")
    assert blocks[1:4] == ["总理 张某某", "2026年1月5日", "# 示例市代理管理办法"]
    assert fields["effective_on"] == "2026-03-01"


@pytest.mark.parametrize(
    ("banner", "printed", "number"),
    [
        ("中华人民共和国主席令", "第五十四号", "主席令第54号"),
        ("财政部令", "第 104 号", "财政部令第104号"),
        ("示例市人民政府令", "（第12号）", "示例市人民政府令第12号"),
        ("交通运输部令", "2021年第5号", "交通运输部令2021年第5号"),
        ("国家税务总局公告", "2026年第3号", "国家税务总局公告2026年第3号"),
    ],
)
def test_the_number_of_an_order_is_read_from_its_banner(banner: str, printed: str, number: str) -> None:
    page = html(
        f"<h1>甲管理办法</h1><div class='TRS_Editor'><p>{banner}</p><p>{printed}</p>"
        "<p>《甲管理办法》已经第3次会议通过，现予公布，自2026年3月1日起施行。</p>"
        "<p>部长 张某某</p><p>2026年1月5日</p><p>甲管理办法</p><p>第一条 为了规范管理，制定本办法。</p></div>"
    )
    fields = content(page)
    assert (fields["number"], fields["title"]) == (number, "甲管理办法")
    assert body(fields).startswith("《甲管理办法》已经第3次会议通过")
    assert "部长 张某某" in body(fields)


@pytest.mark.parametrize(
    ("heading", "printed", "number", "kind"),
    [
        ("示例市人民政府令", "第12号", "示例市人民政府令第12号", "命令"),
        ("中华人民共和国国务院令", "第 707 号", "国务院令第707号", "命令"),
        ("示例市人民政府公告", "2026年第3号", "示例市人民政府公告2026年第3号", "公告"),
    ],
)
def test_the_banner_of_an_order_may_be_the_heading_above_the_text(
    heading: str, printed: str, number: str, kind: str
) -> None:
    page = html(
        f"<h1>{heading}</h1><p>{printed}</p><div class='TRS_Editor'>"
        "<p>《甲办法》已经第3次会议通过，现予公布，自2026年3月1日起施行。</p>"
        "<p>市长 张某某</p><p>2026年1月5日</p>"
        "<p>甲办法</p><p>第一条 为了规范管理，制定本办法。</p></div>"
    )
    fields = content(page)
    assert (fields["number"], fields["kind"], fields["effective_on"]) == (number, kind, "2026-03-01")


def test_labels_without_a_value_are_empty() -> None:
    page = (CASES / "r05_empty_labels.html").read_bytes()
    fields = content(page)
    assert not {"number", "index_number", "date_written"} & fields.keys()
    assert (fields["date_published"], fields["source"]) == ("2026-01-06", "甲省监管局")
    fields = case("r12_source")
    assert (fields["date_published"], fields["source"]) == ("2026-01-06", "甲省监管局")


TEXT = "<div class='TRS_Editor'><p>现将甲事项公告如下，请有关单位遵照执行，具体要求另行通知。</p></div>"


@pytest.mark.parametrize(
    "labels",
    [
        (
            "<table><tr><td>索引号：</td><td></td><td>发文字号：</td><td></td></tr>"
            "<tr><td>发文机关：</td><td></td><td>发布日期：</td><td>2026-01-06</td></tr></table>"
        ),
        (
            "<table><tr><th>索引号</th><td></td></tr><tr><th>发文字号</th><td></td></tr>"
            "<tr><th>发文机关</th><td></td></tr><tr><th>发布日期</th><td>2026-01-06</td></tr></table>"
        ),
        (
            "<dl><dt>索引号</dt><dd></dd><dt>发文字号</dt><dd></dd><dt>发文机关</dt><dd></dd>"
            "<dt>发布日期</dt><dd>2026-01-06</dd></dl>"
        ),
        (
            "<div><div>索引号：</div><div></div><div>发文字号：</div><div></div><div>发文机关：</div><div></div>"
            "<div>发布日期：</div><div>2026-01-06</div></div>"
        ),
        (
            "<ul><li><b>索引号：</b><span></span></li><li><b>发文字号：</b><span></span></li>"
            "<li><b>发文机关：</b><span></span></li><li><b>发布日期：</b><span>2026-01-06</span></li></ul>"
        ),
        "<p>索引号： 发文字号： 发文机关： 发布日期：2026-01-06</p>",
        "<div>索引号：</div><div>发文字号：</div><div>发文机关：</div><div>发布日期：2026-01-06</div>",
        (
            "<div><span>索引号：</span><em></em><span>发文字号：</span><em></em><span>发文机关：</span><em></em>"
            "<span>发布日期：</span><em>2026-01-06</em></div>"
        ),
    ],
)
def test_an_empty_label_takes_nothing_from_its_neighbours(labels: str) -> None:
    fields = content(html(f"<h1>示例市关于甲事项的公告</h1>{labels}{TEXT}"))
    assert not {"number", "index_number", "issuer"} & fields.keys()
    assert fields["date_published"] == "2026-01-06"
    assert body(fields) == "现将甲事项公告如下，请有关单位遵照执行，具体要求另行通知。"


@pytest.mark.parametrize(
    "labels",
    [
        (
            "<table><tr><td>索引号：</td><td>AS-1</td><td>发文字号：</td><td>示政发〔2026〕7号</td></tr>"
            "<tr><td>发文机关：</td><td>示例市人民政府</td><td>发布日期：</td><td>2026-01-06</td></tr></table>"
        ),
        (
            "<dl><dt>索引号</dt><dd>AS-1</dd><dt>发文字号</dt><dd>示政发〔2026〕7号</dd><dt>发文机关</dt>"
            "<dd>示例市人民政府</dd><dt>发布日期</dt><dd>2026-01-06</dd></dl>"
        ),
        (
            "<div><div>索引号：</div><div>AS-1</div><div>发文字号：</div><div>示政发〔2026〕7号</div><div>发文机关：</div>"
            "<div>示例市人民政府</div><div>发布日期：</div><div>2026-01-06</div></div>"
        ),
        (
            "<div class='row'><div>索引号</div><div>AS-1</div></div><div class='row'><div>发文字号</div>"
            "<div>示政发〔2026〕7号</div></div>"
            "<div class='row'><div>发文机关</div><div>示例市人民政府</div></div>"
            "<div class='row'><div>发布日期</div><div>2026-01-06</div></div>"
        ),
        (
            "<ul><li><b>索引号</b><span>AS-1</span></li><li><b>发文字号</b><span>示政发〔2026〕7号</span></li>"
            "<li><b>发文机关</b><span>示例市人民政府</span></li><li><b>发布日期</b><span>2026-01-06</span></li></ul>"
        ),
        (
            "<p>【索引号】AS-1</p><p>【发文字号】示政发〔2026〕7号</p><p>【发文机关】示例市人民政府</p>"
            "<p>【发布日期】2026-01-06</p>"
        ),
        (
            "<p>【索引号】：AS-1 【发文字号】：示政发〔2026〕7号</p>"
            "<p>发文机关：示例市人民政府 | 发布日期：2026-01-06</p>"
        ),
        "<p>索引号：AS-1发文字号：示政发〔2026〕7号发文机关：示例市人民政府发布日期：2026-01-06</p>",
    ],
)
def test_labels_and_values_are_read_in_every_form(labels: str) -> None:
    fields = content(html(f"<h1>示例市关于甲事项的公告</h1>{labels}{TEXT}"))
    read = {name: fields.get(name) for name in ("index_number", "number", "issuer", "date_published")}
    assert read == {
        "index_number": "AS-1",
        "number": "示政发〔2026〕7号",
        "issuer": "示例市人民政府",
        "date_published": "2026-01-06",
    }


def test_a_label_for_the_number_is_used_only_with_a_number() -> None:
    page = html(f"<h1>示例市关于甲事项的公告</h1><p>文号：市金融局 发布日期：2026-01-06</p>{TEXT}")
    assert "number" not in content(page)
    assert "document-number-unread" in codes(page)
    assert "number" not in content(html(f"<h1>示例市关于甲事项的公告</h1><p>文号：无</p>{TEXT}"))


SEEN = "示例市关于甲事项的公告"


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
        f"<h1>{SEEN}</h1><div class='TRS_Editor'><p>甲{unseen}乙</p><p>正文。</p>{unseen}尾。</div>", style
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
    page = html(f"<h1>{SEEN}</h1><div class='TRS_Editor'><p>前文。</p>{unseen}<p>后文。</p></div>")
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
        f"<h1>{SEEN}</h1><div class='TRS_Editor'><p>前文。</p><p style='{style}'>看不见。</p>"
        "<p>后文。</p></div>"
    )
    assert body(content(page)) == "前文。\n\n后文。"


def test_menus_that_are_hidden_outside_the_text_are_not_told() -> None:
    page = html(
        f"<div hidden>菜单</div><h1>{SEEN}</h1><div class='TRS_Editor'><p>前文。</p><p>后文。</p></div>"
    )
    assert "hidden-text" not in codes(page)


def test_hidden_copies_of_the_text_and_the_foot_of_the_page_are_left_out() -> None:
    fields = case("r06_hidden")
    assert fields["title"] == SEEN
    assert body(fields) == "现将甲事项公告如下，请有关单位遵照执行，具体要求另行通知。"
    assert "document-twice" not in codes((CASES / "r06_hidden.html").read_bytes())


def test_hidden_rows_and_deleted_words_of_a_table_are_not_read() -> None:
    reading = read_file(
        (CASES / "t31_html.html").read_bytes(), name="t.html", catalogue=load_catalogue("power-list")
    )
    assert [
        (r.content.get("code"), r.content["name"], r.content.get("sub_name")) for r in reading.records
    ] == [
        ("A1", "甲许可", "子一"),
        ("A2", "甲许可", "子二"),
        ("A4", "新名许可", None),
        ("A5", "戊许可", None),
    ]


def test_a_notice_that_says_as_follows_has_an_outline() -> None:
    assert case("r25_rules_follow")["outline"] == [
        "一、总体要求",
        "二、主要任务",
        "（一）摸清底数",
        "三、组织实施",
    ]


@pytest.mark.parametrize(
    "words",
    [
        "现就有关事项通知如下：",
        "现将有关事项公告如下：",
        "经研究，现批复如下：",
        "提出如下意见：",
        "现函复如下：",
    ],
)
def test_what_follows_an_announcement_is_the_outline(words: str) -> None:
    fields = letter(
        words, "一、总体要求", "统筹推进。", "二、保障措施。加强领导。", "三、其他", "按规定办理。"
    )
    assert fields["outline"] == ["一、总体要求", "二、保障措施", "三、其他"]


@pytest.mark.parametrize("end", ["；", "，"])
def test_a_list_of_members_is_no_outline(end: str) -> None:
    fields = letter("申请人应当提交下列材料：", f"一、申请书{end}", f"二、身份证明{end}", "三、其他材料。")
    assert "outline" not in fields


@pytest.mark.parametrize(
    "address",
    [
        "市财政局",
        "张三先生",
        "示例市某某有限公司",
        "民盟示例市委",
        "尊敬的网民",
        "各区人民政府，市政府各部门",
        "李某某等代表",
    ],
)
def test_addressees_are_read(address: str) -> None:
    page = html(
        "<div class='TRS_Editor'><p>示例市人民政府关于甲事项的批复</p><p>示政函〔2026〕7号</p>"
        f"<p>{address}：</p><p>你单位《关于甲事项的请示》收悉。现批复如下：</p><p>一、同意</p>{FOOT}</div>"
    )
    fields = content(page)
    assert fields["recipients"] == address
    assert body(fields).startswith("你单位")


@pytest.mark.parametrize(
    "line", ["现将有关事项通知如下：", "主要内容如下：", "一、总体要求：", "甲事项包括：", "现予公告："]
)
def test_a_sentence_that_introduces_is_no_address(line: str) -> None:
    page = html(
        f"<div class='TRS_Editor'><p>示例市人民政府关于甲事项的公告</p><p>{line}</p><p>正文。</p>{FOOT}</div>"
    )
    assert "recipients" not in content(page)


@pytest.mark.parametrize(
    "red_head",
    [
        "<p>示例市人民政府文件</p>",
        "<p>示例市人民政府办公室文件</p><p>特急</p>",
        "<p>000012</p><p>机密★一年</p><p>示例市财政局、示例市民政局文件</p>",
        "<p>中共示例市委文件</p>",
    ],
)
def test_the_title_is_below_the_red_head(red_head: str) -> None:
    page = html(
        f"<div class='TRS_Editor'>{red_head}<p>示政发〔2026〕7号</p>"
        "<p>示例市人民政府</p><p>关于甲事项的通知</p>"
        f"<p>各区人民政府：</p><p>正文。</p>{FOOT}</div>"
    )
    fields = content(page)
    assert (fields["title"], fields["number"]) == ("示例市人民政府关于甲事项的通知", "示政发〔2026〕7号")
    assert body(fields).startswith("正文。")


def test_a_red_head_in_the_title_is_taken_off() -> None:
    head = "示例市人民政府文件 示政发〔2026〕7号 示例市人民政府关于甲事项的通知"
    fields = content(
        html(f"<h1>{head}</h1><div class='TRS_Editor'><p>各区人民政府：</p><p>正文。</p>{FOOT}</div>")
    )
    assert (fields["title"], fields["number"]) == ("示例市人民政府关于甲事项的通知", "示政发〔2026〕7号")
    assert body(fields).startswith("正文。")


def test_an_order_without_a_banner_keeps_its_own_text() -> None:
    page = html(
        "<table><tr><td>发文字号：</td><td>交通运输部令2021年第5号</td></tr>"
        "<tr><td>标题：</td><td>甲规定</td></tr></table>"
        "<div id='UCAP-CONTENT'><p>《甲规定》已于2021年4月8日经部务会议通过，现予公布。</p>"
        "<p>部长 李某某</p><p>2021年4月10日</p><p>甲规定</p><p>第一条 为了规范，制定本规定。</p></div>"
    )
    fields = content(page)
    assert body(fields).split("\n\n")[1:4] == ["部长 李某某", "2021年4月10日", "# 甲规定"]
    assert (fields["issuer"], fields["date_written"]) == ("交通运输部", "2021-04-10")


def test_labels_in_a_row_have_their_values_below() -> None:
    table = (
        "<table><tr><th>索引号</th><th>文号</th><th>发布日期</th></tr>"
        "<tr><td>AS-1</td><td></td><td>2026-01-06</td></tr></table>"
    )
    fields = content(html(f"{table}<h1>{SEEN}</h1>{TEXT}"))
    assert (fields["index_number"], fields["date_published"]) == ("AS-1", "2026-01-06")
    assert "number" not in fields


def test_an_importer_takes_labels_beside_a_text_for_those_of_a_document() -> None:
    table = (
        f"<table><tr><td>标题</td><td colspan='3'>{SEEN}</td></tr>"
        "<tr><td>文号</td><td></td><td>成文日期</td><td>2026年1月5日</td></tr></table>"
    )
    page = html(f"{table}{TEXT}").encode()
    reading = read_file(page, name="p.html", catalogue=load_catalogue("policies"))
    assert [(r.content["title"], r.content["date_written"]) for r in reading.records] == [
        (SEEN, "2026-01-05")
    ]


def test_numbered_sentences_are_no_headings() -> None:
    fields = letter("现将有关事项通知如下：", "一、请各单位高度重视，认真执行。", "二、请于3月1日前报送。")
    assert "outline" not in fields
    fields = letter(
        "现将有关事项通知如下：", "一、工作目标。", "到2027年完成。", "二、工作任务。", "按时完成。"
    )
    assert fields["outline"] == ["一、工作目标", "二、工作任务"]


def test_addressees_of_two_lines_are_one_address() -> None:
    page = html(
        "<div class='TRS_Editor'><p>示例市人民政府关于甲事项的通知</p><p>各区人民政府，</p>"
        f"<p>市政府各部门：</p><p>正文。</p>{FOOT}</div>"
    )
    assert content(page)["recipients"] == "各区人民政府，市政府各部门"
