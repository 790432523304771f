"""Works that texts cite (statutes, documents, orders, decisions): one key for all spellings of a work.

The key is readable and part of addresses. It is the standard form of a number (示政发〔2024〕18号,
国务院令第412号), or the letters and digits of a title without 中华人民共和国 (水法), and not the edition.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from msgspec import structs

from schemas.normalise import heading_key
from schemas.reference.citations.text_signs import unify_signs
from schemas.reference.document_numbers import Citation, parse_number

type WorkKind = Literal["statute", "document", "order", "decision"]

_STATE = "中华人民共和国"
_LONGEST = 200
"""Most characters of a title; a longer text between 《 and 》 is not one."""
_EDITION = re.compile(
    r"\s*(?:[（(【［\[〔][^（）()【】［］\[\]〔〕]*(?:修正|修订|修改|令第[\d一二三四五六七八九十百]{1,5}号)"
    r"[^（）()【】［］\[\]〔〕]*|(?:(?<=法)|(?<=法典)|(?<=条例)|(?<=细则))[（(]\s*(?:19|20)\d\d\s*年?[版本]?\s*)[)）】］\]〕]\s*$"
)
"""（2016年修正）, （主席令第29号）; of statutes （2021年版） too.

A list of another year is another work: 目录（2019年本）.
"""
_BARE_EDITION = re.compile(
    r"(?:(?<=法)|(?<=条例)|(?<=细则)|(?<=办法)|(?<=规定))(?:19|20)\d\d年?(?:修正|修订|修改)[版本]?$"
)
"""An edition without brackets: 消防法2019年修正."""
_REMARK = re.compile(r"[（(][^（）()]*[)）]$")
_DECISION = re.compile(r"(?:决定|决议)$")
_DOCUMENT = re.compile(
    r"(?:通知|意见|函|批复|通报|公告|通告|方案|纪要|报告|请示|规划|计划|要点|目录|清单|公报|说明|标准|指南|指引|名单|安排)$"
)
_ORDER_KEY = re.compile(r"\D+(?:令|公告|通告)(?:\d{4}年)?第\d+号")
_STATE_ORDERS = {
    **dict.fromkeys(("国令", "国务院令"), "国务院令"),
    **dict.fromkeys(("主席令", "国家主席令"), "主席令"),
}
"""Issuers whose orders are numbered without a year, in each spelling."""
_ISSUER_OF_ORDERS = re.compile(r"[部局署委会厅院府席](?:令|公告|通告)$")
"""Issuer in full, unlike a code (示政公告): 公安部令〔2012〕120号 is 公安部令2012年第120号."""
_QUOTED = re.compile(r"\s*[《〈](?P<title>.+)[》〉]\s*")


def key_of_title(title: str) -> str:
    """Return the key of a title; empty if the text cannot be one."""
    if len(title) > _LONGEST:
        return ""
    bare, before = unify_signs(title), ""
    while bare != before:  # a removal may uncover another edition
        bare, before = _EDITION.sub("", bare), bare
    key, before = heading_key(bare), ""
    while key != before:  # a removal may join letters
        key, before = heading_key(_BARE_EDITION.sub("", key.replace(_STATE, ""))), key
    return key


def key_of_number(citation: Citation) -> str:
    """Return the key of a document or an order; empty without its issuer."""
    if not citation.issuer:
        return ""
    if citation.kind == "order" or _ISSUER_OF_ORDERS.search(citation.issuer):
        issuer = _STATE_ORDERS.get(citation.issuer)
        plain = re.sub(r"^原(?![平阳州])", "", citation.issuer)  # 原建设部令
        order = structs.replace(citation, kind="order", issuer=issuer or plain)
        return structs.replace(order, year=None).standard if issuer else order.standard
    return f"{citation.issuer}〔{citation.year}〕{citation.number}号"


def key_of(citation: Citation) -> str:
    """Return the key of the work that a citation names; empty if it does not identify one."""
    return key_of_title(citation.title) if citation.kind == "statute" else key_of_number(citation)


@lru_cache(maxsize=4096)
def parse_key(text: str) -> str:
    """Return the key of the work that a whole text names: a number or a title, in any spelling, or a key."""
    quoted = _QUOTED.fullmatch(text)
    number = None if quoted or len(text) > _LONGEST else parse_number(text)
    if number is not None and (key := key_of_number(number)):
        return key
    return key_of_title(quoted["title"] if quoted else text)


@lru_cache(maxsize=4096)
def kind_of_title(title: str) -> WorkKind:
    """Return the kind of a work by its title."""
    bare = _REMARK.sub("", title)
    if _DECISION.search(bare):
        return "decision"
    return "document" if _DOCUMENT.search(bare) else "statute"


def kind_of_key(key: str) -> WorkKind:
    """Return the kind of a work by its key."""
    if "〔" in key:
        return "document"
    return "order" if _ORDER_KEY.fullmatch(key) else kind_of_title(key)
