"""Problems of a cell's text: code, severity, message and remedy in two languages."""

from __future__ import annotations

from typing import Literal

import msgspec


class CellProblem(msgspec.Struct, frozen=True):
    """A problem of one cell. ``code`` never changes. A record with an error cannot be published."""

    code: str
    severity: Literal["error", "warning", "info"]
    message_zh: str
    message_en: str
    way_out_zh: str
    way_out_en: str


class CellProblemKind(msgspec.Struct, frozen=True):
    """Template of a problem. Its texts contain ``{title}``, ``{found}`` and ``{words}``."""

    code: str
    severity: Literal["error", "warning", "info"]
    zh: str
    en: str
    way_out_zh: str
    way_out_en: str
    example: str
    """A cell's text that causes this problem."""

    def for_cell(self, title: str, text: str, words: str = "") -> CellProblem:
        """Fill the template: title of the field, text of the cell, and the text for ``{words}``."""
        excerpt = text if len(text) <= 80 else f"{text[:80]}…"
        templates = (self.zh, self.en, self.way_out_zh, self.way_out_en)
        filled = (one.format(title=title, found=excerpt, words=words) for one in templates)
        return CellProblem(self.code, self.severity, *filled)


UNKNOWN_WORD = CellProblemKind(
    "unknown-word",
    "error",
    "“{found}”不是“{title}”的规定用词",
    "“{found}” is not a word of the vocabulary of “{title}”",
    "请改用其中之一：{words}",
    "Use one of: {words}",
    "行政审批",
)
UNREADABLE_DATE = CellProblemKind(
    "unreadable-date",
    "error",
    "“{found}”无法识别为日期",
    "“{found}” could not be read as a date",
    "请写完整的年月日，如2015年11月5日或2015-11-05",
    "Write year, month and day, for example 2015-11-05",
    "2015年11月",
)
AMBIGUOUS_DATE = CellProblemKind(
    "ambiguous-date",
    "warning",
    "“{found}”缺字，可能是{words}，无法判断，按空白处理",
    "“{found}” lost characters and may be {words}; it cannot be decided which, so it is left blank",
    "请对照原件补全日期",
    "Complete the date from the original document",
    "2015115日",
)
UNREADABLE_LIMIT = CellProblemKind(
    "unreadable-limit",
    "error",
    "“{found}”无法识别为时限",
    "“{found}” could not be read as a time limit",
    "请写整数和单位，如20个工作日、48小时、即时办结；不足一天的换成小时",
    "Write a whole number and a unit, for example 20个工作日, 48小时, 即时办结; less than a day in hours",
    "尽快办理",
)
LIMIT_WITH_CONDITION = CellProblemKind(
    "limit-with-condition",
    "warning",
    "时限只读了“{words}”，其余文字保留在原文中",
    "Only “{words}” was read as the time limit; the other words stay in the original text",
    "请核对；附带的条件可以写在备注中",
    "Check it; conditions may go into the remark",
    "20个工作日（不含专家评审时间）",
)
UNREADABLE_AMOUNT = CellProblemKind(
    "unreadable-amount",
    "error",
    "“{found}”无法识别为金额",
    "“{found}” could not be read as an amount",
    "请写一个数字和单位，如12.50元/证",
    "Write one number and its unit, for example 12.50元/证",
    "按规定收取",
)
UNREADABLE_NUMBER = CellProblemKind(
    "unreadable-number",
    "error",
    "“{found}”无法识别为数字",
    "“{found}” could not be read as a number",
    "请只写数字",
    "Write digits only",
    "若干",
)
UNREADABLE_YES_NO = CellProblemKind(
    "unreadable-yes-no",
    "error",
    "“{found}”无法识别为“是”或“否”",
    "“{found}” could not be read as yes or no",
    "请写“是”或“否”",
    "Write 是 (yes) or 否 (no)",
    "视情况",
)
UNKNOWN_DIVISION = CellProblemKind(
    "unknown-division",
    "warning",
    "行政区划代码表（GB/T 2260）中没有“{found}”",
    "“{found}” is not in the table of division codes (GB/T 2260)",
    "请核对代码；已撤并的区划可以保留",
    "Check the code; one of a division that was merged may stay",
    "219999",
)
AMBIGUOUS_DIVISION = CellProblemKind(
    "ambiguous-division",
    "error",
    "“{found}”不能确定是哪个行政区划{words}",
    "“{found}” does not determine which division is meant{words}",
    "请写六位代码，或者连同上级写全，如“鞍山市铁东区”",
    "Write the six digits, or the name with those above it, for example 鞍山市铁东区",
    "铁东区",
)
NO_DOCUMENT_NUMBER = CellProblemKind(
    "no-document-number",
    "warning",
    "“{found}”不像发文字号，按原文保留",
    "“{found}” does not look like a document number and was kept as it is",
    "请按“鞍政发〔2015〕34号”的格式填写",
    "Write it like 鞍政发〔2015〕34号",
    "内部文件",
)
REPAIRED = CellProblemKind(
    "repaired",
    "warning",
    "“{found}”缺字，只能识读为{words}",
    "“{found}” lost a character and can only be read as {words}",
    "请对照原件核对",
    "Check it against the original document",
    "辽政发〔201519号",
)
CODE_SPOILT = CellProblemKind(
    "code-spoilt",
    "error",
    "“{found}”不是编码：表格软件把“{title}”改成了数字、日期或占位符，按空白处理",
    "“{found}” is not a code: a spreadsheet turned “{title}” into a number, a date or a filler; left blank",
    "请从原系统取得编码，把该列设为文本后重新填写",
    "Get the code from its source system, format the column as text and enter it again",
    "1.23457E+17",
)
CODE_ROUNDED = CellProblemKind(
    "code-rounded",
    "warning",
    "“{found}”第15位以后都是0，可能是表格软件丢失了位数",
    "“{found}” has only zeros after its 15th digit; a spreadsheet program may have lost digits",
    "请对照原系统核对编码",
    "Compare the code with its source system",
    "123456789012345000",
)
SEVERAL_CODES = CellProblemKind(
    "several-codes",
    "warning",
    "这一格有{words}个编码“{found}”，已按一项读入",
    "The cell has {words} codes “{found}”; it was read as those of one item",
    "请每项写一行，各写各的编码",
    "Give each item a row of its own with its code",
    "210300000001、210300000002",
)
DATE_UNLIKELY = CellProblemKind(
    "date-unlikely",
    "warning",
    "“{title}”的日期{found}早于1949年，或者比今天晚{words}年以上",
    "The date {found} of “{title}” is before 1949 or more than {words} years ahead",
    "请对照原件核对年份",
    "Check the year against the original document",
    "2105-11-05",
)
LIMIT_AS_TEXT = CellProblemKind(
    "limit-as-text",
    "warning",
    "“{found}”不是一个确定的时限，只按原文保留",
    "“{found}” is not one fixed limit; it was kept as text only",
    "如果各办理情形的时限不同，请尽量分成几行",
    "If the limit differs by procedure, give each one a row of its own",
    "新办20个工作日；延续10个工作日",
)
LIMIT_CONVERTED = CellProblemKind(
    "limit-converted",
    "warning",
    "“{found}”换算为{words}",
    "“{found}” was converted to {words}",
    "请核对；半天按4小时工作时间计算，半个月按15个自然日计算",
    "Check it; half a day counts as 4 hours of work, half a month as 15 days",
    "半天",
)
DEADLINE_AS_TEXT = CellProblemKind(
    "deadline-as-text",
    "warning",
    "“{found}”不能确定是哪一天，完成时限按空白处理，只保留原文",
    "“{found}” does not determine a day; the deadline is left blank and only the text is kept",
    "请写明年份，如2024年6月30日前、2024年6月底前、2024年第二季度；没有时限的写“长期”",
    "Write the year, for example 2024年6月底前; write 长期 where there is no deadline",
    "年底前",
)
NO_CITATION = CellProblemKind(
    "no-citation",
    "info",
    "依据中的“{words}”不是文号或法律名称，按原文保留",
    "“{words}” in the basis is neither a document number nor a statute and was kept as it is",
    "无需处理；如果是文件，请补上文号",
    "Nothing to do; if it is a document, add its number",
    "省政府批准",
)
UNCLOSED_BRACKET = CellProblemKind(
    "unclosed-bracket",
    "warning",
    "括号没有闭合：{found}",
    "A bracket is not closed: {found}",
    "请对照原件补上右括号",
    "Add the closing bracket from the original document",
    "《危险化学品安全管理条例》（国务院令第591号",
)

PROBLEMS = tuple(kind for kind in list(globals().values()) if isinstance(kind, CellProblemKind))
"""Every kind of problem, in the order above."""
