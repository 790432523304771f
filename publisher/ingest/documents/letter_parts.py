"""Parts of an official letter (GB/T 9704-2012, 7): title, number, addressees, text, signature, date."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from publisher.ingest.documents.page_lines import Line
from publisher.ingest.documents.section_outline import ATTACHMENT
from schemas.cells.quantities import read_date
from schemas.reference.damaged_numbers import find_repair
from schemas.reference.document_numbers import Citation, find_citations, parse_number

_DOCUMENT_KINDS = (
    *("决议", "决定", "命令", "公报", "公告", "通告", "意见", "通知"),
    *("通报", "报告", "请示", "批复", "议案", "函", "纪要"),
)
"""党政机关公文处理工作条例 (中办发〔2012〕14号), article 8."""
_TITLE_END = re.compile(
    rf"(?:{'|'.join(_DOCUMENT_KINDS)}|令|办法|规定|条例|细则|方案|规划|规则)(?:[（(][^（()）]{{1,12}}[）)])?$"
)
_BODY_NAME = re.compile(
    r"[\u4e00-\u9fff、 ]{1,60}"
    r"(?:政府|办公室|办公厅|委员会|局|厅|部|院|署|处|会|办|中心|集团|公司|法院|小组|指挥部)"
)
_DATE_LINE = re.compile(
    r"(?:19|20)\d\d\s?[年.\-/]\s?\d{1,2}\s?[月.\-/]\s?\d{1,2}\s?日?|(?:19|20)\d\d年?\d{2,4}日"
    r"|[一二][一二三四五六七八九零〇○ＯO]{3}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日"
)
_DATE_AT_END = re.compile(rf"(?P<before>.*?)\s?(?P<date>{_DATE_LINE.pattern})")
_INTRODUCES = re.compile(
    r"如下|以下|下列|现|通知|公告|通告|决定|规定|要求|包括|事项|内容|原则|目标|条件|材料|说明|附件|解读|问|答|指出|强调|认为|表示|介绍"
)
_BEGINS_ADDRESS = re.compile(r"(?:各|你|贵|尊敬)(?!.*(?:如下|以下|下列|现将|包括))")
_NUMBERED = re.compile(r"[一二三四五六七八九十\d（(第]+[、.．）)条章]")
_ORDER_BANNER = re.compile(r"[\u4e00-\u9fff ]{2,40}(?:令|公告|通告)")
_ORDER_NUMBER = re.compile(
    r"[（(]?(?:(?:19|20)\d\d年|[〔\[](?:19|20)\d\d年?[〕\]])?\s?第?\s?[0-9一二三四五六七八九十百零〇]{1,7}\s?号[）)]?"
)
_ISSUED = re.compile(r"《(?P<title>(?:[^《》]|《[^《》]*》)+)》(?:已|业)经")
"""First sentence of an order that issues a text with a title of its own."""
_ISSUES = re.compile(r"(?:现予|现将|予以|特此)(?:公布|发布|印发|公告)")
"""Sentence of an order without a banner, above the title of the text that it issues."""
_RED_HEAD_BEFORE_TITLE = re.compile(
    r"(?P<body>[\u4e00-\u9fff、 ]{2,40}?)文件\s*"
    r"(?P<number>\S{2,20}?[〔［\[（(]\d{4}[〕］\]）)]\d{1,5}号)?\s*(?P<title>\S*关于.*)"
)
_RED_HEAD = re.compile(r"(?P<body>[\u4e00-\u9fff、 ]{2,60}?)(?:文件|公报|公文)")
_BEFORE_TITLE = re.compile(
    r"文件|特急|加急|特提|平急|\d{4,8}|(?:机密|秘密|绝密).{0,6}|★.*|签发人[:：].{0,20}|[-—_=*]{3,}"
)
"""Lines above the title by GB/T 9704-2012, 7.2: copy number, secrecy, urgency, signer."""


_NUMBER_AND_SIGNER = re.compile(r"(\S{4,40}号)\s*签发人\s*[:：].{0,40}")
"""Line of a report to a higher body (GB/T 9704-2012, 7.2.6)."""
_MOST_BODIES = 10
"""Lines of the red head of a letter of several bodies."""
_NUMBER_IN_TITLE = re.compile(r"(?P<title>.+?)\s*[（(]\s*(?P<number>[^（()）]{5,40}号)\s*[）)]")
_WHOLE_BRACKET = re.compile(r"[（(]\s*([^（()）]{4,40}(?:[（(]\d{4}[）)][^（()）]{1,20})?)\s*[）)]")
_AFTER_DATE = re.compile(r"\s*[（(](?:此件|本文)?[^（()）\d]{0,8}公开[^（()）\d]{0,8}[）)]$")
"""（此件公开发布） on the line of the date."""
MOST_ADDRESS_LINES = 3
"""Most lines of addressees; all but the last end with a comma."""
MOST_HEAD = 20
"""Most lines of a head: a title of several lines, printed twice, the banner and the number."""


class Letter(msgspec.Struct):
    """The parts with their line numbers; 0 means that the part is missing."""

    title: str = ""
    title_line: int = 0
    number: str = ""
    """As printed; see :func:`parse_number_line`."""
    number_line: int = 0
    recipients: str = ""
    recipients_line: int = 0
    lines_before: list[Line] = msgspec.field(default_factory=list)
    """Lines before the title: breadcrumbs and menus."""
    body: list[Line] = msgspec.field(default_factory=list)
    signature: tuple[str, ...] = ()
    signature_line: int = 0
    date: str = ""
    """Date of the signature as printed; it may be damaged."""
    date_line: int = 0
    date_index: int | None = None
    """Index in ``body`` of the line with the date of signature."""


def split_letter(lines: Sequence[Line], title: str) -> Letter:
    """Split a letter into its parts.

    ``lines``: without labelled lines and page furniture. ``title``: the title that the page names, or ``""``.
    """
    letter = Letter(title=title)
    red_head = _RED_HEAD_BEFORE_TITLE.fullmatch(title)
    if red_head is not None and _BODY_NAME.fullmatch(red_head["body"].strip()):
        key = re.sub(r"\s", "", title)
        lines = [line for line in lines if line.key != key]
        letter.title, letter.number = red_head["title"], red_head["number"] or ""
    rest = _read_head(lines, letter)
    for used in range(1, MOST_ADDRESS_LINES + 1):
        address = "".join(line.text for line in rest[:used])
        if len(rest) >= used and _is_address(address):
            letter.recipients, letter.recipients_line = address.rstrip(":："), rest[0].number
            rest = rest[used:]
            break
        if not address.endswith(("，", "、", ",")):
            break
    letter.body = list(rest)
    _split_number_from_title(letter)
    _find_signature(letter)
    return letter


def _split_number_from_title(letter: Letter) -> None:
    """Split the number in brackets at the end of a title: …的通知（鞍政发〔2015〕34号）."""
    match = _NUMBER_IN_TITLE.fullmatch(letter.title)
    if match and not letter.number and is_number(match["number"]) and _TITLE_END.search(match["title"]):
        letter.title, letter.number, letter.number_line = match["title"], match["number"], letter.title_line


def parse_number_line(text: str) -> Citation | None:
    """Parse a line that is a document or order number and nothing else."""
    citation = parse_number(text)
    return citation if citation is not None and citation.issuer else None


def is_number(text: str) -> bool:
    """Test for a text that is a document number and nothing else, also a damaged one that can be repaired."""
    if len(text) > 60:
        return False
    text = strip_brackets(text)
    if any(c.start == 0 and c.end == len(text) for c in find_citations(text) if c.kind != "statute"):
        return True
    repair = find_repair(text)
    return repair is not None and repair.kind == "number" and repair.original == text


def strip_brackets(text: str) -> str:
    """Strip the brackets around a whole line: （鞍政发〔2015〕34号）."""
    match = _WHOLE_BRACKET.fullmatch(text)
    return match[1] if match else text


def find_kind(title: str) -> str:
    """Return the kind of document that a title ends with; ``""`` for example for a plan or a regulation."""
    bare = re.sub(r"[（(][^（()）]*[）)]$", "", title)
    otherwise = "命令" if bare.endswith("令") else ""
    return next((kind for kind in _DOCUMENT_KINDS if bare.endswith(kind)), otherwise)


def find_issuer(title: str) -> str:
    """Return the government body before 关于 in a title, or ``""``."""
    body, separator, _ = title.partition("关于")
    return body.strip() if separator and _BODY_NAME.fullmatch(body.strip()) else ""


def find_issuer_of_order(name: str) -> str:
    """Return the body that issues an order: 国务院 for 国令, 鞍山市人民政府 for 鞍山市人民政府令."""
    body = re.sub(r"(?:令|公告|通告)$", "", name)
    return {"国": "国务院", "主席": "国家主席"}.get(body, body)


def _read_head(lines: Sequence[Line], letter: Letter) -> Sequence[Line]:
    """Read title and number into ``letter`` and return the remaining lines, the body."""
    rest: Sequence[Line] = lines
    if letter.title:
        start = _start_of_head(lines, letter.title)
        if start is not None:
            numbers = [x for x in lines[:start] if is_number(x.text)]
            letter.lines_before = [x for x in lines[:start] if not is_number(x.text)]
            rest = [*numbers, *lines[start:]]
    for _ in range(MOST_HEAD):
        used = _read_next_part(rest, letter)
        if not used:
            break
        rest = rest[used:]
    return rest


def _read_next_part(rest: Sequence[Line], letter: Letter) -> int:
    """Read the next part of the head into ``letter``. Return its number of lines, 0 where the body begins."""
    if not rest:
        return 0
    line = rest[0]
    if not letter.number and is_number(line.text):
        letter.number, letter.number_line = strip_brackets(line.text), line.number
        return 1
    if not letter.number and is_order(rest):
        letter.number, letter.number_line = f"{line.text}{rest[1].text}", line.number
        return 2
    if not letter.number and (signed := _NUMBER_AND_SIGNER.fullmatch(line.text)) and is_number(signed[1]):
        letter.number, letter.number_line = signed[1], line.number
        return 1
    if not letter.title and len(rest) > 1 and (_is_above_title(line.text) or _is_joint_head(rest)):
        return 1
    if not letter.title:
        return _read_title(rest, letter)
    if _is_head(line, letter):
        letter.title_line = letter.title_line or line.number
        return 1
    return 0


def is_order(rest: Sequence[Line]) -> bool:
    """Test for a banner (鞍山市人民政府令) with its number on the next line."""
    if len(rest) < 2 or not _ORDER_BANNER.fullmatch(rest[0].text):
        return False
    return _ORDER_NUMBER.fullmatch(rest[1].text) is not None


def _start_of_head(lines: Sequence[Line], title: str) -> int | None:
    """Return the index of the title, or of the order above it that issues it with a text of its own."""
    start = _find_title(lines, title)
    for index in range(start or 0):
        if is_order(lines[index:]) or _ISSUES.search(lines[index].text):
            return index
    return start


def _find_title(lines: Sequence[Line], title: str) -> int | None:
    key = re.sub(r"\s", "", title)
    for index, line in enumerate(lines):
        if line.key == key or (len(line.key) > 7 and key.startswith(line.key)):
            return index
    return None


def _read_title(rest: Sequence[Line], letter: Letter) -> int:
    """Read a title that may span several lines: 鞍山市人民政府 / 关于…的通知. Return the number of lines."""
    issued = _ISSUED.match(rest[0].text)
    if issued is not None:
        letter.title, letter.title_line = issued["title"], rest[0].number
        return 0
    used = 1
    title = rest[0].text
    while used < min(4, len(rest)) and not _TITLE_END.search(title):
        longer = title + rest[used].text
        if len(longer) > 120 or not (_TITLE_END.search(longer) or "关于" in longer):
            break
        title, used = longer, used + 1
    if not _TITLE_END.search(title):
        title, used = rest[0].text, 1
    letter.title, letter.title_line = title, rest[0].number
    return used


def _is_above_title(text: str) -> bool:
    red_head = _RED_HEAD.fullmatch(text)
    if red_head is not None and "关于" not in text:
        return _BODY_NAME.fullmatch(red_head["body"].strip()) is not None or text.startswith("中共")
    return _BEFORE_TITLE.fullmatch(text) is not None


def _is_joint_head(rest: Sequence[Line]) -> bool:
    """Test for one of several bodies of a red head: only further ones stand above the number."""
    if not _BODY_NAME.fullmatch(rest[0].text):
        return False
    further = (line.text for line in rest[1:_MOST_BODIES])
    others = (t for t in further if not _BODY_NAME.fullmatch(t) and not _is_above_title(t))
    return is_number(next(others, ""))


def _is_head(line: Line, letter: Letter) -> bool:
    """Test for a repeated piece of the title, or the red banner (鞍山市人民政府文件)."""
    key = re.sub(r"\s", "", letter.title)
    if len(line.key) > 3 and line.key in key:
        return True
    return _is_above_title(line.text)


def _is_address(text: str) -> bool:
    """Test for the first line of a text that names its readers: 各区人民政府： or 张三先生：."""
    if not text.endswith((":", "：")) or len(text) >= 300 or "。" in text or _NUMBERED.match(text):
        return False
    return _BEGINS_ADDRESS.match(text) is not None or _INTRODUCES.search(text) is None


def _find_signature(letter: Letter) -> None:
    """Find the first date with the bodies above it or before it in a short line, or else the first date.

    A date below the title may be that of the page. Attachments have dates of their own.
    """
    for index, line in enumerate(letter.body):
        if line.spot is not None:  # a date inside a table is not the date of signature
            continue
        if letter.date and ATTACHMENT.fullmatch(line.text):
            return
        text = _AFTER_DATE.sub("", line.text).strip("（()） ")
        match = _DATE_AT_END.fullmatch(text) if len(text) <= 60 else None
        if match is None or (read_date(match["date"]) is None and find_repair(text) is None):
            continue
        body = match["before"].strip()
        if body and not _BODY_NAME.fullmatch(body):
            continue
        if body:
            letter.signature, letter.signature_line = (body,), line.number
        else:
            _read_signature(letter, letter.body[:index])
        if letter.signature or not letter.date:
            letter.date_index, letter.date, letter.date_line = index, match["date"], line.number
        if letter.signature:
            return


def _read_signature(letter: Letter, lines: Sequence[Line]) -> None:
    """Read the names of the bodies directly above the date: one issuer, or several joint issuers."""
    for line in reversed(lines[-6:]):
        if len(line.text) > 40 or not _BODY_NAME.fullmatch(line.text):
            break
        names = (name for name in re.split(r"[、 ]+", line.text) if len(name) > 2)
        letter.signature = (*names, *letter.signature)
        letter.signature_line = line.number
