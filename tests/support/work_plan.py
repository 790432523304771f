"""A published plan whose tasks are still to be listed, and a document that is not a plan."""

from __future__ import annotations

from datetime import date

from publisher.log.log import Log
from publisher.log.model import DraftEntry, Part
from tests.support.datasets import create_dataset

TASKS, DOCUMENTS = "shili-tasks", "shili-documents"
PLAN, OTHER = "示政办发〔2020〕5号", "示政发〔2020〕6号"
BODY = """# 示例市清单工作方案

## 一、编制清单

编制行政职权清单，组织清理中介服务（市财政局牵头，市民政局配合，2020年6月底前）。

建立动态调整机制。<script>alert(1)</script>

## 二、保障

组织开展专项督查。
"""


def publish_work_plan(log: Log) -> None:
    """Create both lists, and publish the documents."""
    create_dataset(log, TASKS, "commitments", division="210300", parts=(Part("财政局"), Part("民政局")))
    create_dataset(log, DOCUMENTS, "policies", division="210300")
    documents = [
        {"number": PLAN, "title": "示例市清单工作方案", "body_markdown": BODY},
        {"number": OTHER, "title": "示例市收费管理办法", "body_markdown": "## 一、总则\n\n规范收费。"},
    ]
    source = log.evidence.put_source(b"x", name="a.csv", media_type="text/csv")
    entries = [
        DraftEntry({**one, "issuer": "示例市人民政府", "date_written": "2020-01-01"}, repr(one))
        for one in documents
    ]
    log.drafts.stage(DOCUMENTS, entries, part=None, source=source, parser_version="1")
    log.releases.publish(DOCUMENTS, effective_on=date(2020, 1, 1), basis=PLAN)
    log.graph.update()  # as the worker does
