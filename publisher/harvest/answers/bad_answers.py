"""Answers with status 200 that are not the page: blank, a script, an interception, a CAPTCHA, maintenance.

They say nothing about the page. It is requested again, and nothing of the answer becomes a document.
"""

from __future__ import annotations

import re
from typing import Literal

from publisher.harvest import soft_404, warc
from publisher.harvest.fetcher import ResponseChain
from publisher.ingest.formats import html, text_encoding
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.sandbox.fork_server import run_limited
from schemas.normalise import fold

type BadAnswer = Literal["blank", "script", "intercepted", "captcha", "maintenance"]

_LONGEST = 400
"""Most characters of such a page, without spaces."""
_SHORTEST_TITLE = 6
_CAPTCHA = re.compile(
    r"验证码|人机(?:身份)?验证|滑动(?:验证|滑块|拼图)|拖动(?:滑块|下方)|安全验证"
    r"|完成(?:下方|以下|下面)?的?(?:安全)?验证|captcha"
    r"|verify (?:that )?you are (?:a )?human|are you a robot|点击.{0,8}进行验证",
    re.IGNORECASE,
)
_INTERCEPTED = re.compile(
    r"(?:访问|请求|操作|连接|IP).{0,12}(?:拦截|阻断|被拒绝|被禁止|受限|被屏蔽|不合法|非法|过于频繁|太频繁|异常|可疑|限制)"
    r"|(?:拦截|阻断|拒绝|禁止|限制)(?:了)?(?:您|你|此|本次|该)?的?(?:访问|请求)"
    r"|防火墙|\bWAF\b|创宇盾|云盾|加速乐|安全狗|玄武盾|网防G01"
    r"|存在(?:安全)?(?:威胁|风险|攻击)|恶意(?:请求|攻击|访问)"
    r"|access denied|forbidden|request (?:was )?blocked|has been blocked"
    r"|没有权限访问|无权(?:限)?访问|(?:不支持|禁止|限制)(?:境外|海外|国外)|(?:用户|账号|会员|统一)登录.{0,60}密码|(?:用户名|账号|帐号).{0,20}密码"
    r"|请(?:先)?登录(?:后|再)",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"(?:启用|开启|打开|支持|允许).{0,12}(?:java\s?script|cookie)|enable (?:java\s?script|cookies)"
    r"|checking your browser|just a moment"
    r"|浏览器(?:安全)?(?:检查|检测|校验)|(?:正在|页面)(?:跳转|加载|验证)|loading\.{0,3}$|请稍[候等]",
    re.IGNORECASE,
)
_MAINTENANCE = re.compile(
    r"(?:网站|系统|平台|本站|站点|服务器?|服务|页面|数据库)"
    r"[^。；]{0,16}(?:维护|升级|改版|割接|检修|迁移|整改|建设中|暂停(?:服务|访问|运行|使用)"
    r"|暂时(?:无法|不能|关闭)|关闭)"
    r"|(?:正在|进行)[^。；]{0,6}(?:维护|升级|改版|建设)|(?:系统|服务器?|网络)(?:内部|发生|出现|处理)?(?:正?忙|繁忙|错误|异常|出错|故障)|服务(?:暂时)?不可用|稍后再?(?:试|访问)"
    r"|under (?:maintenance|construction)|temporarily unavailable"
    r"|http status 5\d\d|service unavailable|bad gateway|gateway time-?out|internal server error",
    re.IGNORECASE,
)
_SCRIPTED = re.compile(
    r"document\.cookie|location\s*(?:\.\s*(?:href|replace|reload|assign)|\[|=)|\beval\s*\(|setTimeout|\.submit\s*\(|XMLHttpRequest|fetch\("
)
_FEW = 80
"""Most characters of a page that a script fills or replaces."""
_EMBEDS = ("iframe", "embed", "object", "frame", "img", "video", "canvas")


def find_bad_answer(responses: ResponseChain, link_title: str, largest: int) -> BadAnswer | None:
    """Classify a response with status 200; None if it may be what was requested. ``largest``: in MiB."""
    hop = responses.last
    if hop.status != 200 or hop.truncated:
        return None
    try:
        data = warc.decode_body(hop, largest << 20)
    except ValueError:  # reported when it is read
        return None
    if not data.strip():
        return "blank"
    head = data[:2000].lower()
    if not any(
        mark in head for mark in (b"<html", b"<!doctype html", b"<body", b"<script", b"<head", b"<meta")
    ):
        return None
    try:
        text, _ = text_encoding.decode(data, warc.find_charset(hop))
        answer: BadAnswer | None = run_limited(classify_page, text, link_title, result=BadAnswer | None)
    except ReaderError:  # also reported when it is read
        return None
    return answer


def classify_page(source: str, link_title: str) -> BadAnswer | None:
    """Classify the source of a page; None if it may be the page itself.

    ``link_title``: the text of the link to it. A page that contains it is what the link promised.
    """
    if not source.strip():
        return "blank"
    try:
        root = html.parse_page(source)
    except ReaderError:
        return None
    title = _key(root.findtext(".//title") or "")
    scripts = " ".join(script.text or "" for script in root.iter("script"))
    notes = " ".join("".join(map(str, note.itertext())) for note in root.iter("noscript"))
    has_embeds = any(True for _ in root.iter(*_EMBEDS))
    html.drop_hidden(root)
    lines = html.extract_page_lines(root).lines
    text = " ".join(line.replace(html.BOUNDARY, "") for line, _ in lines)
    return _classify(text, title, scripts, notes, link_title, has_embeds=has_embeds)


def _classify(
    text: str, title: str, scripts: str, notes: str, link_title: str, *, has_embeds: bool
) -> BadAnswer | None:
    key, promised = _key(text), _key(link_title)
    if not key and has_embeds:
        return None
    if not key:
        return "script" if scripts.strip() or notes.strip() else "blank"
    if len(key) > _LONGEST or (len(promised) >= _SHORTEST_TITLE and promised in key):
        return None
    words = fold(f"{title} {text}")
    if _LETTER.search(text) and _DAY.search(text):
        return None
    if soft_404.ABSENCE.search(words):
        return None
    if _CAPTCHA.search(words):
        return "captcha"
    if _INTERCEPTED.search(words):
        return "intercepted"
    if _CHALLENGE.search(words) or (len(key) <= _FEW and _SCRIPTED.search(scripts) and "。" not in text):
        return "script"
    return "maintenance" if _MAINTENANCE.search(words) and not _DOCUMENT.search(text) else None


_DOCUMENT = re.compile(
    r"[〔［\[](?:19|20)\d\d[〕］\]]\s?\d+\s?号|(?:市|县|区|省)(?:人民)?政府[^。]{0,12}(?:决定|通知)"
)


_LETTER = re.compile(r"特此(?:公告|通告|通知)|(?:通知|公告|通告)如下|现将|(?:^|\s)各[^，。；：:]{1,20}[：:]")
_DAY = re.compile(r"(?:19|20)\d\d\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日")
"""Words and date of a short notice, which may be about a firewall or maintenance."""


def _key(text: str) -> str:
    return re.sub(r"[\s\W_]+", "", fold(text))
