"""Kinds of findings about the page of a document."""

from __future__ import annotations

from publisher.ingest.findings.kind import Kind

NO_DOCUMENT = Kind(
    "no-document",
    "error",
    "网页中没有正文",
    "The page contains no text of a document",
    "请确认保存的是公文正文页，而不是列表页或需要登录的页面",
    "Check that the page of the document itself was saved, not a list or a log-in page",
    "首页 | 返回",
)
BODY_BLANK = Kind(
    "body-blank",
    "warning",
    "网页中没有正文的文字，正文留空",
    "The page has no words of the document's text; the text is left blank",
    "正文在嵌入的文件（如 PDF）里的，采集时收为附件；手工导入的请改为导入该文件",
    "A text in an embedded file (a PDF) is collected as an attachment; by hand, import that file instead",
    "/files/关于印发收费标准的通知.pdf",
)
DOCUMENT_TWICE = Kind(
    "document-twice",
    "warning",
    "同一份文件在网页中出现了{times}次，只计一份",
    "The page contains the same document {times} times; it was counted once",
    "无需处理；如果确实是两份文件，请分开保存后导入",
    "Nothing to do; if they are two documents, save and import them separately",
    "全文后面又重复了一遍全文",
)
COPIES_DIFFER = Kind(
    "document-copies-differ",
    "warning",
    "重复的一份与第一份有{count}行不同，已采用第一份",
    "The second copy differs from the first in {count} lines; the first was used",
    "请对照原件，确认哪一份正确",
    "Compare both with the original document",
    "二、主要任务（第一份为“二、重点任务”）",
)
HIDDEN_TEXT = Kind(
    "hidden-text",
    "info",
    "正文中有{characters}个字是隐藏或划去的，网页上看不到，没有读入",
    "{characters} characters of the text are hidden or struck out on the page and were not read",
    "如果它们应当公布，请改正网页后重新采集",
    "If they should be published, correct the page and collect it again",
    "此条已删除",
)
DATE_REPAIRED = Kind(
    "date-repaired",
    "warning",
    "成文日期{because}",
    "Date written: {because_en}",
    "请对照原件核对日期",
    "Check the date against the original document",
    "2015115日，发布时间：2015-11-05",
)
DATE_AMBIGUOUS = Kind(
    "date-ambiguous",
    "warning",
    "成文日期{because}，已留空",
    "Date written: {because_en}; it was left blank",
    "请对照原件补上成文日期",
    "Look the date up in the original document and fill it in",
    "2015115日",
)
NUMBER_REPAIRED = Kind(
    "number-repaired",
    "warning",
    "文号{because}",
    "Document number: {because_en}",
    "请对照原件核对文号",
    "Check the number against the original document",
    "辽政发〔201519号",
)
WITHOUT_DATE = Kind(
    "document-without-date",
    "warning",
    "没有找到成文日期",
    "No date of signature was found",
    "请对照原件补上成文日期；没有落款日期的可以忽略",
    "Fill it in from the original document, or leave it where the document is not dated",
    "落款处只有机关名称",
)
WITHOUT_NUMBER = Kind(
    "document-without-number",
    "info",
    "没有找到发文字号，已按标题和发文机关识别",
    "No document number was found; the document is identified by its title and issuer",
    "公告、解读等可以没有文号；有文号的请补上",
    "Announcements may have none; otherwise fill it in",
    "公告",
)
NOT_A_NUMBER = Kind(
    "document-number-unread",
    "warning",
    "“{label}”后面的内容不是发文字号，未采用",
    "What follows “{label}” is not a document number and was not used",
    "请对照原件补上发文字号；没有文号的可以忽略",
    "Fill the number in from the original document, or leave it where there is none",
    "文号：市金融局",
)
EFFECT_UNCLEAR = Kind(
    "effective-day-unclear",
    "warning",
    "正文写明“{words}”，不能据此确定施行日期，已留空",
    "The text states “{words}”, from which the day of effect cannot be determined; it was left blank",
    "请对照原件补上施行日期",
    "Fill in the day of effect from the original document",
    "自公布之日起30日后施行",
)
CONTINUES = Kind(
    "document-continues",
    "error",
    "文件分多页显示（下一页），其余各页未能并入，正文不完整",
    "The document has further pages that could not be joined; its text is not complete",
    "请核对原网页；可将全文保存为一个文件后导入",
    "Check the original page; save the whole text as one file and import it",
    "1 2 下一页",
)
