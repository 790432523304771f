"""Pages of official documents, and what is read from them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from publisher.ingest.documents.official_document import read_document
from publisher.ingest.formats.detect import open_file
from publisher.ingest.parsed_file import Reading
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue

CASES = Path(__file__).parent / "cases"
HEAD = "<p>示例市人民政府关于甲事项的通知</p><p>示政发〔2026〕7号</p><p>各区人民政府：</p>"
FOOT = "<p>示例市人民政府</p><p>2026年1月5日</p>"
ANNOUNCEMENT = "示例市关于甲事项的公告"

NUMBER = "鞍政发〔2015〕34号"
TITLE = "鞍山市人民政府关于印发工作方案的通知"
LABELS = "信息来源:鞍山市人民政府发布时间:2015-11-05浏览次数:"
LETTER = f"""{NUMBER}

各县(市)区人民政府,市政府各部门:

现将《工作方案》印发给你们,请认真贯彻执行。

鞍山市人民政府\u00a0\u00a0

2015115日

(此件公开发布)

工作

方案

根据《辽宁省人民政府关于印发方案的通知》(辽政发〔201519号)和《中华人民共和国行政许可法》第十二条,制定本方案。

一、指导思想

(一)总体要求。贯彻执行。

(二)工作目标。

明确目标。

二、措施

申请人应当提交下列材料:

(一)申请书;

(二)身份证明。

附件:1.任务分工表
"""
PAGE = f"{TITLE}\n{LABELS}\n【字体:\n\n打印本页关闭窗口\n\n{LETTER}\nTOP\n"


def read_page(page: str | bytes, name: str = "page.txt") -> Reading:
    data = page.encode() if isinstance(page, str) else page
    opened = open_file(data, name)
    assert opened.text is not None
    reading = read_document(
        opened.text,
        name=name,
        digest=hashlib.sha256(data).hexdigest(),
        media_type=opened.media_type,
        catalogue=load_catalogue("policies"),
    )
    (report,) = reading.sheets
    (record,) = reading.records
    assert report.rows == report.records + report.continuations + report.left_out
    assert len(set(record.rows)) == len(record.rows) == 1 + report.continuations
    assert not {x.row for x in reading.left_out} & set(record.rows)
    return reading


def content(page: str | bytes) -> Content:
    return dict(read_page(page).records[0].content)


def codes(page: str | bytes) -> list[str]:
    return [f.code for f in read_page(page).findings]


def html(body: str, head: str = "") -> str:
    return f'<!DOCTYPE html><html><head><meta charset="gb2312">{head}</head><body>{body}</body></html>'


def paragraphs(text: str) -> str:
    return "".join(f"<p>{line}</p>" for line in text.splitlines() if line)


def case(name: str) -> Content:
    return content((CASES / f"{name}.html").read_bytes())


def body(fields: Content) -> str:
    return str(fields["body_markdown"])


def letter(*paragraphs: str) -> Content:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return content(html(f"<div class='TRS_Editor'>{HEAD}{text}{FOOT}</div>"))


def read_tables(markdown: str) -> list[list[list[str]]]:
    tables = [block.split("\n") for block in markdown.split("\n\n") if block.startswith("| ")]
    return [
        [[c.strip() for c in row[1:-1].split(" | ")] for n, row in enumerate(t) if n != 1] for t in tables
    ]
