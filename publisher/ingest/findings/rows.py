"""Kinds of findings about the values of a whole row."""

from __future__ import annotations

from publisher.ingest.findings.kind import Kind

BASIS_MISSING = Kind(
    "basis-missing",
    "warning",
    "没有写明“{title}”",
    "“{title}” is blank: the row names no legal basis",
    "请补上法律、法规或文件的名称和文号；确实没有依据的，不应列入清单",
    "Add the law, regulation or document with its number; an item without one does not belong on the list",
    "7 | 建筑业企业资质审批 | 行政许可 | （设定依据空白）",
)
PERSONAL_DATA = Kind(
    "personal-data",
    "warning",
    "“{title}”中可能有{kind}",
    "“{title}” seems to contain {kind}",
    "请核对；属于个人信息的，删除或改为单位的办公电话、邮箱后再导入",
    "Check it; if it is personal, delete it or give that of the office, and import again",
    "联系人张某，13800138000",
)
NAME_CUT = Kind(
    "name-cut",
    "warning",
    "“{title}”以省略号结尾，可能没有显示完整",
    "“{title}” ends with an ellipsis and may be cut",
    "请对照原件写出完整的名称",
    "Write the whole name as the original has it",
    "关于加强食品经营许可…",
)
