"""A 任务分工表 of thirty tasks as a workbook, as a document with a table, and as a web page."""

from __future__ import annotations

import io
from html import escape

import docx

from tests.publisher.ingest.workbooks import xlsx

NUMBER = "示政办发〔2024〕5号"
TITLE = "示例市2024年“放管服”改革重点任务分工表"
HEADINGS = ["序号", "任务", "牵头单位", "责任单位", "完成时限", "成果形式"]
DEADLINES = ["2024年6月30日前", "2024年6月底前", "2024年第三季度", "2024年底前", "长期坚持"]
SECTIONS = {1: "一、全面推行权责清单", 16: "二、规范行政审批中介服务"}


def tasks() -> list[list[str]]:
    """Return thirty tasks, as the columns of :data:`HEADINGS`."""
    return [
        [
            str(n),
            f"编制并公布第{n}批权责事项清单",
            "市发展和改革委员会",
            "市财政局、市民政局\n各县（市）区政府",
            DEADLINES[n % len(DEADLINES)],
            f"第{n}批清单",
        ]
        for n in range(1, 31)
    ]


def workbook() -> bytes:
    rows: list[list[object]] = [[f"{TITLE}（{NUMBER}）"], list(HEADINGS)]
    merged = ["A1:F1"]
    for n, task in enumerate(tasks(), start=1):
        if n in SECTIONS:
            rows.append([SECTIONS[n]])
            merged.append(f"A{len(rows)}:F{len(rows)}")
        rows.append(list(task))
    return xlsx(("任务分工", rows), merged=merged)


def document() -> bytes:
    file = docx.Document()
    for text in ("示例市人民政府办公室文件", NUMBER, f"关于印发{TITLE}的通知", "现将分工表印发给你们。"):
        file.add_paragraph(text)
    table = file.add_table(rows=0, cols=len(HEADINGS))
    for row in (HEADINGS, *tasks()):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def page() -> bytes:
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell).replace(chr(10), "<br>")}</td>' for cell in row)}</tr>"
        for row in (HEADINGS, *tasks())
    )
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{TITLE}</title></head><body>'
        f"<h1>{TITLE}</h1><p>{NUMBER}</p><p>各县（市）区人民政府：</p><table>{rows}</table></body></html>"
    ).encode()
