"""Words that people read for what has a fixed set of codes, in Chinese and English.

They name changes, statuses of records, facets, commitments, mails, findings and their responses, works and
their effects, and yes and no.
Pages, feeds, the command line and downloads import them, so that a list and its download use the same words.
The codes themselves (``removed``, ``withdrawn`` …) are the contract's and stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

type Lang = Literal["zh", "en"]
"""A language in which the program writes. Pages have traditional Chinese too, converted from ``zh``."""


class Words(NamedTuple):
    zh: str
    en: str

    @property
    def both(self) -> str:
        """For a terminal: ``新增 added``."""
        return f"{self.zh} {self.en}"


KINDS: Mapping[str, Words] = {
    "added": Words("新增", "added"),
    "changed": Words("调整", "changed"),
    "renamed": Words("更名", "renamed"),
    "removed": Words("移出清单", "removed"),
    "corrected": Words("更正", "corrected"),
    "withdrawn": Words("撤回公布", "withdrawn"),
    "erased": Words("依法删除", "erased"),
}
"""Kind of change → its name.

``removed`` is not 取消, which is a decision of an authority: a row may be missing because it was delegated,
merged or forgotten. ``withdrawn`` is not 撤回 alone, which the licensing law uses for licences.
"""
DIRECTIONS: Mapping[str, Words] = {
    "fee-raised": Words("收费上调", "charge raised"),
    "fee-lowered": Words("收费下调", "charge lowered"),
    "limit-shortened": Words("时限缩短", "limit shortened"),
    "limit-lengthened": Words("时限延长", "limit lengthened"),
}
"""Direction of a charge or time limit that changed → its name."""
STATUSES: Mapping[str, Words] = {
    "current": Words("现行有效", "in force"),
    "future": Words("尚未生效", "not yet in force"),
    "removed": Words("已移出清单", "removed"),
    "withdrawn": Words("已撤回公布", "withdrawn"),
    "erased": Words("已依法删除", "erased"),
}
"""Status of a record → its name."""
FACETS: Mapping[str, Words] = {
    "dataset": Words("清单", "List"),
    "body": Words("部门", "Body"),
    "type": Words("类型", "Type"),
    "division": Words("行政区划", "Area"),
    "year": Words("年份", "Year"),
    "part": Words("报送部门", "Department"),
    "status": Words("状态", "Status"),
}
"""Facet that every record has, whatever its catalogue → its title."""
COMMITMENT_STATUSES: Mapping[str, Words] = {
    "done": Words("已完成", "done"),
    "overdue": Words("逾期", "overdue"),
    "undetermined": Words("无法判断", "undetermined"),
}
"""Derived status of a commitment → its name. The list of statements contains what offices say."""
PACE_WORDS: Mapping[str, Words] = {
    "at-once": Words("发布后即时寄送", "at once"),
    "daily": Words("每日8时汇总", "once a day, at 8"),
    "weekly": Words("每周一8时汇总", "once a week, on Monday at 8"),
}
"""How often a follower gets mails → its name."""
FILE_SEVERITIES: Mapping[str, Words] = {
    "error": Words("错误", "error"),
    "warning": Words("警告", "warning"),
    "info": Words("说明", "info"),
}
"""Severity of a finding about a file → its name."""
SEVERITIES: Mapping[str, Words] = {
    "fact": Words("可由所引原文确定", "follows from the cited texts"),
    "likely": Words("很可能", "likely"),
    "look": Words("请核对", "look at it"),
}
"""Severity of a finding of the checks → how certain it is."""
FINDING_STATUSES: Mapping[str, Words] = {
    "open": Words("仍在", "open"),
    "ended": Words("已结束", "ended"),
}
"""Status of a finding → its name."""
HANDLINGS: Mapping[str, Words] = {
    "unanswered": Words("尚未回应", "unanswered"),
    "answered": Words("已回应", "answered"),
    "dismissed": Words("不成立", "dismissed"),
}
"""Handling of a finding → its name."""
RESPONSES: Mapping[str, Words] = {
    "接受": Words("接受", "accepted"),
    "说明": Words("说明", "explained"),
    "异议": Words("异议", "disputed"),
    "不成立": Words("不成立", "dismissed"),
}
"""Kind of a response to a finding, which is a word of the list, → its name."""
DISMISSED = "不成立"
ANSWERS = tuple(kind for kind in RESPONSES if kind != DISMISSED)
"""Kinds of response that are not the dismissal."""
WORK_KINDS: Mapping[str, Words] = {
    "statute": Words("法律法规规章", "statute"),
    "document": Words("公文", "document"),
    "order": Words("令、公告", "order"),
    "decision": Words("决定", "decision"),
}
"""Kind of a work that lists cite → its name."""
EFFECTS: Mapping[str, Words] = {
    "repeals": Words("废止", "repeals"),
    "amends": Words("修订", "amends"),
    "replaces": Words("取代旧版", "replaces"),
    "delegates": Words("下放", "delegates"),
    "cancels": Words("取消", "cancels"),
    "interprets": Words("解读", "explains"),
    "implements": Words("实施", "implements"),
}
"""Effect of a work on another one, or on an item, → its name."""
BOOLEANS: Mapping[str, Words] = {"true": Words("是", "yes"), "false": Words("否", "no")}
