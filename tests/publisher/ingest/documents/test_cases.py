"""Pages that once came out wrong: days of effect, orders, outlines, addressees and red heads."""

from __future__ import annotations

import pytest

from tests.publisher.ingest.documents.pages import (
    FOOT,
    HEAD,
    body,
    case,
    codes,
    content,
    html,
    letter,
    read_page,
)


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


@pytest.mark.parametrize(
    "sentence",
    [
        "本办法自2026 年 3 月 1 日 起 施行。",
        "本办法施行日期：2026年3月1日。",
        "本办法自2026.3.1起施行。",
        "本办法自2026年3月1日起暂行一年。",
        "本办法的施行日期为二〇二六年三月一日。",
    ],
)
def test_a_day_of_effect_with_spaces_or_as_a_label_is_read(sentence: str) -> None:
    assert letter("现将甲办法印发给你们。", sentence)["effective_on"] == "2026-03-01"


def test_a_number_in_brackets_and_a_remark_after_the_date_are_no_obstacles() -> None:
    page = html(
        "<div class='TRS_Editor'><p>示例市人民政府关于甲事项的通知</p><p>（示政发〔2026〕7号）</p>"
        "<p>正文。</p>"
        "<p>示例市人民政府</p><p>2026年1月5日（此件公开发布）</p></div>"
    )
    fields = content(page)
    assert (fields["number"], fields["date_written"]) == ("示政发〔2026〕7号", "2026-01-05")
    assert codes(page) == []


def test_a_number_at_the_end_of_a_title_is_the_number() -> None:
    title = "示例市人民政府关于印发甲办法的通知"
    page = html(f"<div class='TRS_Editor'><p>{title}（示政发〔2026〕7号）</p><p>正文。</p>{FOOT}</div>")
    fields = content(page)
    assert (fields["title"], fields["number"]) == (title, "示政发〔2026〕7号")
    explains = html(
        f"<div class='TRS_Editor'><p>解读《甲办法》（示政发〔2026〕7号）</p><p>正文。</p>{FOOT}</div>"
    )
    assert "number" not in content(explains)


def test_the_day_on_which_the_document_itself_was_issued_is_known() -> None:
    assert letter("正文。", "本通知自文件印发之日起执行。")["effective_on"] == "2026-01-05"
