"""Forty pages in the forms of government sites: labels, headings, stops and cells come out as printed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.documents.pages import read_tables

type Block = tuple[str, Any]
"""``p`` a paragraph, ``h`` a heading, ``run`` a heading with text in its line, ``table`` its rows."""


@dataclass(frozen=True)
class Document:
    title: str
    number: str
    issuer: str
    kind: str
    written: str
    recipients: str
    blocks: tuple[Block, ...]
    signature: tuple[str, ...] = ()
    outline: tuple[str, ...] = field(default=())

    @property
    def headings(self) -> list[str]:
        heads = [text if kind == "h" else text[0] for kind, text in self.blocks if kind in {"h", "run"}]
        return [head.removesuffix("。") for head in heads]


CITY, OFFICE = "示例市人民政府", "示例市人民政府办公室"
ROWS = [
    ["序号", "任务", "责任单位", "备注"],
    ["1", "摸清底数", "市住建局", ""],
    ["2", "开展整治", "市住建局、市城管局", "长期"],
]
ALL = "各区人民政府，市政府各部门"

DOCUMENTS = (
    Document(
        f"{CITY}关于支持试验区若干措施的通知",
        "示政发〔2026〕7号",
        CITY,
        "通知",
        "2026-01-05",
        ALL,
        (
            ("p", "为支持试验区建设，现就有关事项通知如下："),
            ("h", "一、营造优良环境"),
            ("run", ("（一）将施工许可下放至试验区。", "由试验区管委会办理。（负责部门：市住建局）")),
            ("run", ("（二）简化办事流程。", "实行一次告知。")),
            ("h", "二、组织实施"),
            ("p", "各部门要加强配合，确保落实。本通知自印发之日起施行。"),
        ),
    ),
    Document(
        f"{CITY}关于加强城市管理工作的意见",
        "示政发〔2026〕9号",
        CITY,
        "意见",
        "2026-02-10",
        ALL,
        (
            ("run", ("一、总体要求。", "坚持依法治理，坚持以人为本。")),
            ("run", ("二、主要任务。", "到2027年，城市管理水平明显提高。")),
            ("h", "三、保障措施"),
            ("run", ("（一）加强领导。", "各区要明确责任。")),
            ("run", ("（二）强化考核。", "结果向社会公布。")),
        ),
    ),
    Document(
        f"{OFFICE}关于印发示例市粮食应急预案的函",
        "示政办函〔2025〕57号",
        OFFICE,
        "函",
        "2025-06-11",
        ALL,
        (
            ("p", "《示例市粮食应急预案》已经市政府同意，现印发给你们，请认真实施。"),
            ("sign", ""),
            ("h", "示例市粮食应急预案"),
            ("h", "1 总则"),
            ("h", "1.1 编制目的"),
            ("p", "为了应对粮食市场异常波动，制定本预案。"),
            ("h", "1.2 适用范围"),
            ("p", "本预案适用于全市。"),
            ("h", "2 组织机构"),
            ("h", "2.1 指挥部"),
            ("p", "总指挥由市政府分管负责人担任。"),
            ("h", "2.2 办公室"),
            ("p", "本预案自印发之日起实施。"),
        ),
    ),
    Document(
        f"{CITY}关于甲桥更名的批复",
        "示政函〔2026〕3号",
        CITY,
        "批复",
        "2026-03-02",
        "示例市民政局",
        (
            ("p", "你局《关于甲桥更名的请示》（示民〔2026〕5号）收悉。经研究，现批复如下："),
            ("p", "一、同意将甲桥更名为乙桥；"),
            ("p", "二、请按规定做好标志设置工作。"),
        ),
    ),
    Document(
        f"{CITY}关于公布整治任务的公告",
        "示政公告〔2026〕2号",
        CITY,
        "公告",
        "2026-04-01",
        "",
        (("p", "现将整治任务公告如下，请遵照执行。"), ("table", ROWS), ("p", "特此公告。")),
    ),
    Document(
        f"{OFFICE}关于开展专项检查的通知",
        "示政办发〔2026〕11号",
        OFFICE,
        "通知",
        "2026-05-06",
        ALL,
        (
            ("p", "经市政府同意，现就开展专项检查有关事项通知如下："),
            ("h", "一、检查对象"),
            ("p", "全市建筑企业。"),
            ("h", "二、检查内容"),
            ("p", "企业应当提交下列材料："),
            ("p", "（一）营业执照；"),
            ("p", "（二）资质证书。"),
            ("h", "三、时间安排"),
            ("p", "自2026年6月1日至6月30日。"),
            ("table", [["阶段", "时间"], ["自查", "6月上旬"], ["抽查", "6月下旬"]]),
        ),
    ),
    Document(
        f"{CITY}关于废止部分文件的决定",
        "示政发〔2026〕12号",
        CITY,
        "决定",
        "2026-05-20",
        ALL,
        (
            ("p", "经市政府第5次常务会议审议，决定废止下列文件："),
            ("p", "1.《示例市甲办法》（示政发〔2010〕3号）"),
            ("p", "2.《示例市乙办法》（示政发〔2011〕4号）"),
            ("p", "本决定自公布之日起施行。"),
        ),
    ),
    Document(
        f"{CITY}关于道路临时管制的通告",
        "示政通告〔2026〕1号",
        CITY,
        "通告",
        "2026-06-01",
        "",
        (
            ("p", "因施工需要，现对道路实行临时管制，通告如下："),
            ("h", "一、管制时间"),
            ("p", "自2026年6月5日起。"),
            ("h", "二、管制路段"),
            ("p", "甲路（乙街至丙街）。"),
        ),
    ),
    Document(
        f"{OFFICE}关于表彰先进单位的通报",
        "示政办〔2026〕20号",
        OFFICE,
        "通报",
        "2026-07-03",
        ALL,
        (
            ("p", "2025年，各单位认真履职，成效显著。现予通报表彰。"),
            ("table", [["序号", "单位"], ["1", "市民政局"], ["2", "市水务局"]]),
            ("p", "希望受表彰的单位再接再厉。"),
        ),
    ),
    Document(
        f"{CITY}关于推进政务公开的意见",
        "示政发〔2026〕15号",
        CITY,
        "意见",
        "2026-08-08",
        ALL,
        (
            ("h", "第一章 总则"),
            ("p", "第一条 为了推进政务公开，提出本意见。"),
            ("p", "第二条 本意见适用于行政机关。"),
            ("h", "第二章 公开内容"),
            ("p", "第三条 行政机关应当公开下列信息："),
            ("p", "（一）机构职能；"),
            ("p", "（二）财政预算。"),
        ),
    ),
)
PUBLISHED, INDEX, TOPIC = "2026-12-03", "000014349/2026-00154", "综合政务\\政务公开"


def chinese_day(day: str) -> str:
    year, month, dom = day.split("-")
    return f"{year}年{int(month):02}月{int(dom):02}日"


def text_element(document: Document, paragraph: str) -> str:
    pieces = [f"<p align='center'><b>{document.title}</b></p>", f"<p align='center'>{document.number}</p>"]
    if document.recipients:
        pieces.append(f"<p>{document.recipients}：</p>")
    signature = [
        f"<p align='right'>{document.issuer}</p>",
        f"<p align='right'>{chinese_day(document.written)}&nbsp;</p>",
    ]
    for kind, text in document.blocks:
        if kind == "table":
            rows = "".join(f"<tr>{''.join(f'<td><p>{c}</p></td>' for c in row)}</tr>" for row in text)
            pieces.append(f"<table border='1'>{rows}</table>")
        elif kind == "sign":
            pieces += signature
        elif kind == "run":
            pieces.append(paragraph.format(f"<b>{text[0]}</b>{text[1]}"))
        else:
            pieces.append(paragraph.format(f"<strong>{text}</strong>" if kind == "h" else text))
    signed = any(kind == "sign" for kind, _ in document.blocks)
    return "".join([*pieces, *([] if signed else signature)])


def state_council(d: Document) -> str:
    """The form of the State Council's site: nested tables, a table of labels above the text."""
    return (
        f"<html><head><title>{d.title}_政府信息公开专栏</title></head><body><div class='wrap'>"
        "<table><tbody><tr><td>"
        "<table class='bd1'><tbody><tr><td><b>索 引 号：</b></td><td>"
        + INDEX
        + "</td><td><b>主题分类：</b></td><td>"
        f"{TOPIC}</td></tr><tr><td><b>发文机关：</b></td><td>{d.issuer}</td><td><b>成文日期：</b></td>"
        f"<td>{chinese_day(d.written)}</td></tr><tr><td><b>标　　题：</b></td>"
        f"<td colspan='3'>{d.title}</td></tr>"
        f"<tr><td><b>发文字号：</b></td><td>{d.number}</td><td><b>发布日期：</b></td>"
        f"<td>{chinese_day(PUBLISHED)}</td></tr>"
        "</tbody></table><table class='bd1'><tbody><tr><td><b>主 题 词：</b></td><td></td><td></td>"
        "<td></td></tr></tbody>"
        "</table></td></tr></tbody></table><br><table><tbody><tr><td><table><tbody><tr>"
        "<td class='b12c' id='UCAP-CONTENT'>"
        f"{text_element(d, '<p>　　{}</p>')}</td></tr></tbody></table></td></tr></tbody></table>"
        "<div class='footer'>主办单位：国务院办公厅</div></div></body></html>"
    )


def trs(d: Document) -> str:
    """The form of TRS: meta tags, breadcrumbs, a line of spans, hidden copies, a script of pages."""
    return (
        f"<html><head><meta name='ArticleTitle' content='{d.title}'>"
        f"<meta name='PubDate' content='{PUBLISHED} 09:30'>"
        f"<title>{d.title}-示例市人民政府</title><style>.mobile{{display:none}}</style></head><body>"
        "<div class='nav'><a href='/'>首页</a><a href='/zwgk/'>政务公开</a></div>"
        "<div class='position'>当前位置：首页 &gt; 文件</div>"
        f"<div class='info'><span>索引号：{INDEX}</span> <span>主题分类：{TOPIC}</span> "
        f"<span>发文机关：{d.issuer}</span>"
        f"<span>成文日期：{d.written}</span> <span>发文字号：{d.number}</span> <span>有效性："
        "</span><span>浏览次数：12</span></div>"
        f"<div class='TRS_Editor'>{text_element(d, '<p><span>　　{}</span></p>')}</div>"
        f"<div class='mobile'>{text_element(d, '<p>{}</p>')}</div>"
        "<script>createPageHTML(1, 0, 't1', 'html');</script>"
        "<p>打印本页 关闭窗口</p></body></html>"
    )


def list_of_labels(d: Document) -> str:
    """Labels in a definition list, with empty ones, and the text in divs."""
    labels = (
        ("索引号", INDEX),
        ("主题分类", TOPIC),
        ("文号", d.number),
        ("发文机关", d.issuer),
        ("有效性", ""),
        ("成文日期", d.written),
        ("发布日期", PUBLISHED),
        ("废止日期", ""),
    )
    rows = "".join(f"<dt>{name}：</dt><dd>{value}</dd>" for name, value in labels)
    return (
        f"<html><head><title>{d.title}</title></head><body><header><a href='/'>首页</a></header>"
        f"<h1>{d.title}</h1>"
        f"<dl>{rows}</dl><div id='zoom'>{text_element(d, '<div>{}</div>')}</div>"
        "<footer><p>网站地图</p><p>主办：示例市人民政府</p></footer></body></html>"
    )


def pairs_of_blocks(d: Document) -> str:
    """Labels in pairs of blocks beside each other, and a body of ``article-content``."""
    labels = (
        ("索引号", INDEX),
        ("分类", TOPIC),
        ("发布机构", d.issuer),
        ("发文日期", chinese_day(d.written)),
        ("文号", d.number),
        ("发布时间", PUBLISHED),
        ("关键词", ""),
    )
    rows = "".join(f"<div class='row'><div>{n}</div><div>{v}</div></div>" for n, v in labels)
    return (
        f"<html><head><title>{d.title}</title></head><body><h1>{d.title}</h1><div class='labels'>{rows}</div>"
        f"<div class='article-content'>{text_element(d, '<p style=text-indent:2em>{}</p>')}</div>"
        "<div class='pagination'>上一页 1 下一页</div></body></html>"
    )


FORMS = (state_council, trs, list_of_labels, pairs_of_blocks)


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.number)
def test_labels_headings_stops_and_cells_are_those_of_the_page(document: Document, form: Any) -> None:
    page = form(document)
    reading = read_file(
        f'<meta charset="utf-8">{page}'.encode(), name="p.html", catalogue=load_catalogue("policies")
    )
    (record,) = reading.records
    fields = record.content
    expected = {
        "title": document.title,
        "number": document.number,
        "issuer": document.issuer,
        "kind": document.kind,
        "date_written": document.written,
        "date_published": PUBLISHED,
        "index_number": INDEX,
        "topic": TOPIC,
    } | ({"recipients": document.recipients} if document.recipients else {})
    assert {name: fields.get(name) for name in expected} == expected
    assert "validity" not in fields
    assert fields.get("outline", []) == document.headings
    body = str(fields["body_markdown"])
    texts = [
        text if isinstance(text, str) else "".join(text) for kind, text in document.blocks if kind != "table"
    ]
    assert body.count("。") == sum(text.count("。") for text in texts)
    plain = re.sub(r"\s|^#+ |\\", "", body, flags=re.MULTILINE)
    assert all(re.sub(r"\s", "", text) in plain for text in texts)
    assert read_tables(body) == [text for kind, text in document.blocks if kind == "table"]
    assert not {"首页", "下一页", "网站地图"} & set(body.split())
