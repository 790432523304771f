"""A site with a plan of four commitments: done, overdue, disputed, and without evidence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from publisher.log.log import Log
from publisher.log.model import DraftEntry
from schemas.definition import file_loader as catalogues
from schemas.definition.catalogue import Content
from tests.support.clock import Clock
from tests.support.site import FEES, PLAIN, START, Site, demo_dataset, opened, publish, ticking_clock

PLAN = "示政办发〔2015〕5号"
PLANS, RULES, STATEMENTS, DOCUMENTS = "plans", "plan-evidence", "plan-statements", "documents"
PLAN_DAY = date(2015, 1, 5)
DONE, LATE, DISPUTED, OPEN = "公布收费目录清单", "公布中介服务清单", "精简收费项目", "加强督查"
TASKS: list[Content] = [
    {"task": DONE, "section": "收费", "lead": "市财政局", "deadline": "2015-04-01/2015-06-30"},
    {"task": LATE, "section": "中介", "lead": "市发展和改革委员会", "deadline": "2015-09-30"},
    {"task": DISPUTED, "section": "收费", "lead": "市财政局", "deadline": "2015-01-01/2015-12-31"},
    {"task": OPEN, "excerpt": "要加强督查,确保落实"},
]
RULE_ROWS: list[Content] = [
    {"task": DONE, "condition": "发布", "source": FEES},
    {"task": LATE, "condition": "条目数", "catalogue": "intermediary-services", "least": 1},
    {"task": DISPUTED, "condition": "条目数", "source": FEES, "least": 9},
]
STATEMENT_ROWS: list[Content] = [
    {"task": DISPUTED, "progress": "已完成", "stated_on": "2015-12-20", "judge": "市财政局", "role": "自报"},
    {
        "task": DISPUTED,
        "progress": "进行中",
        "stated_on": "2015-12-28",
        "judge": "市政府督查室",
        "role": "督查",
        "note": "目录未更新",
        "evidence": [{"name": "督查通报", "url": "https://example.gov.cn/dc/1"}],
    },
]
DOCUMENT: Content = {
    "number": PLAN,
    "title": "示例市推进简政放权工作方案",
    "issuer": "示例市人民政府办公室",
    "date_written": "2015-01-05",
    "body_markdown": (
        "## 一、收费\n\n（一）公布收费目录清单，精简收费项目。\n\n## 二、保障\n\n要加强督查，确保落实。"
    ),
}


def publish_rows(log: Log, name: str, contents: list[Content], on: date = PLAN_DAY) -> None:
    """Publish rows of the plan; all but documents get its number and the last day of their deadline."""
    source = log.evidence.put_source(repr(contents).encode(), name=f"{name}.csv", media_type="text/csv")
    rows = [_complete(row) if name != DOCUMENTS else row for row in contents]
    entries = [DraftEntry(row, repr(row), {"rows": [n]}) for n, row in enumerate(rows, start=2)]
    log.drafts.stage(name, entries, part=None, source=source, parser_version="1")
    log.releases.publish(name, effective_on=on, basis=PLAN, actor="经办人")


def _complete(row: Content) -> Content:
    due = {"due_on": str(row["deadline"]).rpartition("/")[2]} if "deadline" in row else {}
    return {**row, **due, "plan": PLAN}


def fill_with_commitments(log: Log, clock: Clock) -> None:
    """Publish the plan, its rules of evidence, the statements, and a day later the fees that fulfil it."""
    lists = {
        PLANS: ("commitments", "工作任务清单（演示数据）"),
        RULES: ("commitment-evidence", "任务完成佐证规则（演示数据）"),
        STATEMENTS: ("commitment-statements", "任务落实情况（演示数据）"),
        DOCUMENTS: ("policies", "政策文件（演示数据）"),
        FEES: ("fees", "示例市收费目录（演示数据）"),
    }
    for name, (catalogue, title) in lists.items():
        log.datasets.create(demo_dataset(name, catalogue, title=title), catalogues.load_catalogue(catalogue))
    publish_rows(log, DOCUMENTS, [DOCUMENT])
    publish_rows(log, PLANS, TASKS)
    publish_rows(log, RULES, RULE_ROWS)
    publish_rows(log, STATEMENTS, STATEMENT_ROWS, date(2015, 12, 28))
    clock.advance(days=1)
    publish(log, FEES, PLAIN, date(2015, 5, 1), "示财〔2015〕1号")


@contextmanager
def site_with_commitments(home: Path) -> Iterator[Site]:
    with opened(home, Site, content=fill_with_commitments, clock=ticking_clock(START)) as site:
        yield site
