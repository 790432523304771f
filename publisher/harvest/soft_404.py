"""Soft 404s: missing pages that a site answers with status 200 or a redirect to its home page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from schemas.definition.catalogue import Content

ABSENCE = re.compile(
    r"(?:页面|网页|页|文件|文档|内容|信息|文章|地址|链接|网址)[^，。；！!]{0,12}"
    r"(?:不存在|删除|移除|找不到|未找到|没有找到|下线|下架)"
    r"|(?:页面|网页|链接|网址)[^，。；！!]{0,6}失效"
    r"|(?:找不到|未找到|没有找到|无法找到)[^，。；！!]{0,10}(?:页|文件|内容|信息|文章)"
    r"|\b404\b|not found|does not exist|no longer available",
    re.IGNORECASE,
)
_LONGEST = 300
"""Most characters of such a page; an official reply that some information does not exist is longer."""
_HOME_OR_ERROR = re.compile(
    r"/(?:(?:index|default|home|main)\.\w{2,5})?|.*/(?:404|50\d|error|not_?found)(?:\.\w{2,5})?",
    re.IGNORECASE,
)
_IDENTIFYING_FIELDS = frozenset({"number", "date_written", "date_published"})


def is_absent(content: Content, texts: Iterable[str]) -> bool:
    """Test whether a page without number and date states that the content is missing."""
    if is_bare(content):
        text = " ".join(texts)
        return len(text) <= _LONGEST and ABSENCE.search(text) is not None
    return False


def is_bare(content: Content) -> bool:
    """Test for content without number and date, which error pages never have."""
    return not _IDENTIFYING_FIELDS & content.keys()


def is_redirect_to_home(requested: str, target: str) -> bool:
    """Test whether a redirect led from a page to the site's home or error page."""
    return requested != target and _is_home_or_error(target) and not _is_home_or_error(requested)


def _is_home_or_error(url: str) -> bool:
    return _HOME_OR_ERROR.fullmatch(urlsplit(url).path or "/") is not None
