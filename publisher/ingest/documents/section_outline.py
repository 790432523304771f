"""Markdown body of an official document with its 一、（一） sections, and the outline with anchors.

Headings follow GB/T 9704-2012, 7.3.3: 一、 then （一）. Its next levels (1. and （1）) stay paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set

import msgspec

from schemas.definition.catalogue import Catalogue, Content
from schemas.normalise import chinese_number

NUMERAL = "[一二三四五六七八九十百]{1,5}"
FIRST = re.compile(rf"(?P<n>{NUMERAL})、\s*(?P<text>.+)")
SECOND = re.compile(rf"[（(](?P<n>{NUMERAL})[）)]\s*、?\s*(?P<text>.+)")
CHAPTER = re.compile(rf"第(?P<n>{NUMERAL})章\s*(?P<text>.+)")
SECTION = re.compile(rf"第(?P<n>{NUMERAL})节\s*(?P<text>.+)")
DECIMAL = re.compile(
    r"(?P<n>\d{1,2}(?:\.\d{1,2}){0,3})(?:[.．、]?\s+|[.．、]?(?=[\u4e00-\u9fff]))(?P<text>[\u4e00-\u9fff].*)"
)
"""Numbering of plans and standards: 1 总则, 1.1 编制目的, 2.1.1 职责."""
ATTACHMENT = re.compile(r"附\s?[件表录]\s?\d{0,2}\s?[:：]?")
LONGEST = 50
"""Most characters of a heading. A longer first sentence is a numbered paragraph."""
LONGEST_SENTENCE = 20
"""Most characters of a heading that ends with a full stop."""
ENDS = "。；;：:，,、！？"
HEADING = re.compile(r"(#{1,3}) (.+)")


class Section(msgspec.Struct, frozen=True):
    level: int
    """1: the document or an attachment, 2: 一、 or a chapter, 3: （一）."""
    title: str
    """With its number, as printed, without a full stop: ``一、指导思想和工作目标``."""
    anchor: str
    """Built from the numbers alone, ``s2-1`` for 二（一）, so that a corrected word does not break a link.
    The prefix ``p2-`` is added where numbering restarts, for example in an attachment."""


class Body(msgspec.Struct, frozen=True):
    markdown: str
    outline: tuple[str, ...]


def write_body(
    paragraphs: Sequence[str], date_index: int | None = None, tables: Set[int] = frozenset()
) -> Body:
    """Write the Markdown of a body.

    ``date_index``: index of the line with the date of signature. The lines after it are the document that the
    notice sends out, with a title of its own. ``tables``: indexes of paragraphs that are already Markdown.
    """
    blocks: list[str] = []
    outline: list[str] = []
    lists = _ListState()
    contents = _find_contents(paragraphs)
    decimal = _uses_decimals(paragraphs)
    index = 0
    while index < len(paragraphs):
        line = paragraphs[index]
        if index in contents:
            blocks.append(escape(line))
            index += 1
            continue
        if index in tables:
            blocks.append(line)
            index += 1
            continue
        title, used = _find_attachment_title(paragraphs, index, date_index)
        if title:
            blocks.append(f"# {escape(title)}")
            outline.append(title)
            index += used
            continue
        heading, rest = _parse_heading(paragraphs, index, lists)
        if heading is None and decimal:
            heading = _parse_decimal(line)
        if heading is None:
            blocks.append(escape(line))
        else:
            level, text = heading
            outline.append(text.removesuffix("。"))
            blocks.append(f"{'#' * level} {escape(text)}")
            if rest:
                blocks.append(escape(rest))
        index += 1
    return Body("\n\n".join(blocks), tuple(outline))


def strip_heading(heading: str) -> str:
    """Return a heading as an outline shows it: without escapes and the full stop of a run-in heading."""
    return heading.replace("\\", "").removesuffix("。")


def list_sections(markdown: str) -> tuple[Section, ...]:
    """Return the headings, with anchors, of a body that :func:`write_body` wrote."""
    return tuple(_iter_sections(markdown))


def find_body(catalogue: Catalogue, content: Content) -> tuple[str, str] | None:
    """Return the first Markdown field with a text, and the text: such a record is a document."""
    for field in catalogue.fields:
        is_text = field.format == "markdown" and not field.personal
        if is_text and isinstance(source := content.get(field.name), str):
            return field.name, source
    return None


def split_sections(markdown: str) -> tuple[tuple[Section, str], ...]:
    """Return each section with its own text and that of the sections below it."""
    blocks = markdown.split("\n\n")
    starts = [n for n, block in enumerate(blocks) if HEADING.fullmatch(block)]
    sections = list(zip(list_sections(markdown), starts, strict=True))
    texts = []
    for place, (section, start) in enumerate(sections):
        following = sections[place + 1 :]
        end = next((n for after, n in following if after.level <= section.level), len(blocks))
        texts.append((section, "\n\n".join(blocks[start + 1 : end])))
    return tuple(texts)


def _iter_sections(markdown: str) -> Iterator[Section]:
    part, first, used = 1, 0, set[str]()
    for line in markdown.split("\n\n"):
        match = HEADING.fullmatch(line)
        if match is None:
            continue
        level, title = len(match[1]), strip_heading(match[2])
        decimal = DECIMAL.fullmatch(title)
        number = int(decimal["n"].partition(".")[0]) if decimal else _parse_number(title)
        if level == 1:
            part, first = part + bool(used), 0
            anchor = f"p{part}"
        elif level == 2:
            if number <= first:
                part += 1
            first = number
            anchor = _format_anchor(part, f"s{number}")
        elif decimal:
            anchor = _format_anchor(part, f"s{decimal['n'].replace('.', '-')}")
        else:
            anchor = _format_anchor(part, f"s{first}-{number}")
        while anchor in used:  # the source uses one number for two sections
            anchor += "b"
        used.add(anchor)
        yield Section(level, title, anchor)


def _format_anchor(part: int, name: str) -> str:
    return name if part == 1 else f"p{part}-{name}"


def _parse_number(title: str) -> int:
    for pattern in (FIRST, SECOND, CHAPTER, SECTION):
        if match := pattern.match(title):
            return chinese_number(match["n"]) or 0
    return 0


_NUMBERED = ((FIRST, 2), (SECOND, 3))
_INTRODUCES_OUTLINE = re.compile(
    r"(?:通知|公告|通告|意见|决定|批复|函复|答复|回复|通报|报告|规定|事项|要求|措施|安排|方案|建议|工作|说明|解读|办法)[^，。；]{0,6}如下[:：]$"
    r"|(?:现|特)[^。]{0,30}如下[:：]$"
)
"""…现就有关事项通知如下：. The text that follows is the document's own, and not a list in it."""
_MORE_OF_LIST = ("；", ";", "，", ",", "、", "；和", "；或")


class _ListState(msgspec.Struct):
    """Whether 一、二、… and （一）（二）… are list items here rather than headings."""

    first: bool = False
    second: bool = False


def _parse_heading(
    paragraphs: Sequence[str], index: int, lists: _ListState
) -> tuple[tuple[int, str] | None, str]:
    """Return the level and text of the heading that a line begins with, and the rest of the line.

    The heading keeps its full stop and its number as printed.
    """
    line = paragraphs[index]
    for pattern, level in _NUMBERED:
        match = pattern.fullmatch(line)
        if match is None:
            continue
        if match["n"] == "一":
            is_list = _begins_list(paragraphs, index, pattern)
        else:
            is_list = lists.first if level == 2 else lists.second
        is_list = is_list or line.endswith(_MORE_OF_LIST)
        if level == 2:
            lists.first, lists.second = is_list, False
        else:
            lists.second = is_list
        if is_list:
            return None, ""
        text, stop, rest = match["text"].partition("。")
        if len(text) > LONGEST or (not stop and text.endswith(tuple(ENDS))):
            return None, ""
        if stop and not rest and not _is_short_heading(paragraphs, index, text, pattern):
            return None, ""
        end = match.start("text") + len(text) + len(stop)
        return (level, line[:end].strip()), rest.strip()
    for pattern, level in ((CHAPTER, 2), (SECTION, 3)):
        if pattern.fullmatch(line) and len(line) <= LONGEST and not line.endswith(tuple(ENDS)):
            return (level, line), ""
    return None, ""


def _is_short_heading(paragraphs: Sequence[str], index: int, text: str, pattern: re.Pattern[str]) -> bool:
    """Test whether a line of one sentence is a heading, and not a numbered paragraph."""
    if len(text) > LONGEST_SENTENCE or "，" in text:
        return False
    following = paragraphs[index + 1] if index + 1 < len(paragraphs) else ""
    before = paragraphs[index - 1] if index else ""
    after_sentence = pattern.fullmatch(before) is not None and before.find("。") == len(before) - 1
    return pattern.fullmatch(following) is None and not after_sentence


def _parse_decimal(line: str) -> tuple[int, str] | None:
    match = DECIMAL.fullmatch(line)
    if match is None or len(line) > LONGEST or line.endswith(tuple(ENDS)):
        return None
    return (3 if "." in match["n"] else 2), line


def _uses_decimals(paragraphs: Sequence[str]) -> bool:
    """Test for a document that numbers its sections 1, 1.1, 1.2 rather than 一、（一）."""
    numbers = [
        match["n"] for line in paragraphs if (match := DECIMAL.fullmatch(line)) and _parse_decimal(line)
    ]
    return sum("." in number for number in numbers) > 1 and sum("." not in number for number in numbers) > 1


def _find_contents(paragraphs: Sequence[str]) -> range:
    """Find a table of contents, whose first entry is repeated where the text begins."""
    keys = [_contents_key(line) for line in paragraphs]
    for index, key in enumerate(keys[:-1]):
        if key in {"目录", "目次"} and keys[index + 1] in keys[index + 2 :]:
            return range(index, keys.index(keys[index + 1], index + 2))
    return range(0)


def _contents_key(line: str) -> str:
    """Return an entry of a table of contents without spaces, dots and the number of its page."""
    return re.sub(r"[.·…—\-]{2,}\d*$", "", re.sub(r"\s", "", line))


def _begins_list(paragraphs: Sequence[str], index: int, pattern: re.Pattern[str]) -> bool:
    """Test whether 一、 begins a list that the line above introduces: 应当提交下列材料：."""
    before = paragraphs[index - 1] if index else ""
    if not before.endswith((":", "：")):
        return False
    items = [paragraphs[index]]
    for line in paragraphs[index + 1 :]:
        if pattern.fullmatch(line) is None:
            break
        items.append(line)
    if any(item.endswith(_MORE_OF_LIST) for item in items):
        return True
    if _INTRODUCES_OUTLINE.search(before):
        return False
    following = paragraphs[index + len(items) : index + len(items) + 40]
    continues = any(match["n"] == "二" for line in following if (match := pattern.fullmatch(line)))
    return len(items) > 1 or not continues


def _find_attachment_title(paragraphs: Sequence[str], index: int, date_index: int | None) -> tuple[str, int]:
    """Read the title of an attached document: short lines without a full stop after the signature or 附件1.

    Return it with the number of its lines, or ``("", 0)``.
    """
    line = paragraphs[index]
    marked = bool(ATTACHMENT.fullmatch(line))
    after_signature = (
        date_index is not None and index > date_index and _are_remarks(paragraphs[date_index + 1 : index])
    )
    if not marked and not after_signature:
        return "", 0
    title, end = "", index + marked
    while end < len(paragraphs) and end - index < 4 and _is_title(paragraphs[end]):
        title += paragraphs[end]
        end += 1
    if end == len(paragraphs) and not marked:  # short lines at the very end are not a title
        return "", 0
    if marked:
        return f"{line.rstrip(':：')} {title}".strip(), end - index
    return title, end - index


def _are_remarks(between: Sequence[str]) -> bool:
    """Test whether all lines since the signature are remarks in brackets, such as （此件公开发布）."""
    return all(line.startswith(("(", "（")) and line.endswith((")", "）")) for line in between)


def _is_title(line: str) -> bool:
    numbered = FIRST.fullmatch(line) or SECOND.fullmatch(line) or CHAPTER.fullmatch(line)
    return (
        not numbered
        and not DECIMAL.fullmatch(line)
        and _contents_key(line) not in {"目录", "目次"}
        and not line.startswith("| ")
        and len(line) <= 40
        and not re.search(r"[。；;：:，,（(]|^附件|^抄送|印发$", line)
    )


SPECIAL = re.compile(r"[\\`*<]|\](?=\()|_+(?!\w)|^(?:(?=[#>=~]|---|[-+] )|\[(?=[^\]]+\]:))")
"""What Markdown would interpret; underscores before a letter end no emphasis, so that none begins."""


def escape(text: str) -> str:
    """Escape the characters that Markdown would interpret; brackets such as [1992] do not need it."""
    return SPECIAL.sub(lambda match: "".join(f"\\{character}" for character in match[0]) or "\\", text)
