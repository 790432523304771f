"""Answers of 200 that are no page: most sites answer so, or send to their home page, where there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from schemas.definition.catalogue import Content

_SAID = re.compile(
    r"(?:页面|网页|页|文件|文档|内容|信息|文章|地址|链接|网址)[^，。；！!]{0,12}"
    r"(?:不存在|删除|移除|找不到|未找到|没有找到|下线|下架)"
    r"|(?:页面|网页|链接|网址)[^，。；！!]{0,6}失效"
    r"|(?:找不到|未找到|没有找到|无法找到)[^，。；！!]{0,10}(?:页|文件|内容|信息|文章)"
    r"|\b404\b|not found|does not exist|no longer available",
    re.IGNORECASE,
)
_LONGEST = 300
"""Characters of such a page's text; an answer to somebody that an information does not exist is longer."""
_PLACELESS = re.compile(
    r"/(?:(?:index|default|home|main)\.\w{2,5})?|.*/(?:404|50\d|error|not_?found)(?:\.\w{2,5})?",
    re.IGNORECASE,
)
_OWN = frozenset({"number", "date_written", "date_published"})


def says_absent(content: Content, texts: Iterable[str]) -> bool:
    """Whether a page says that there is nothing: by its words, where nothing on it is a document's own."""
    if is_bare(content):
        text = " ".join(texts)
        return len(text) <= _LONGEST and _SAID.search(text) is not None
    return False


def is_bare(content: Content) -> bool:
    """Neither number nor date: whatever else it is, a page says no such thing of itself."""
    return not _OWN & content.keys()


def leads_nowhere(asked: str, got: str) -> bool:
    """Whether a redirect led from a page to the site's home or its page for errors."""
    return asked != got and _placeless(got) and not _placeless(asked)


def _placeless(url: str) -> bool:
    return _PLACELESS.fullmatch(urlsplit(url).path or "/") is not None
