"""Mails to followers: the request for confirmation, and news. Plain text, which every reader shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import quote, urlencode

import msgspec

from publisher.inbox.follower import CONFIRM, LEAVE, UNCONFIRMED_DAYS
from publisher.notify.news import ReleaseNews
from schemas.words import PACE_WORDS


class Letterhead(msgspec.Struct, frozen=True):
    """The data of a site that each of its mails states."""

    sender: str
    """``NAME <ADDRESS>``, or an address."""
    base: str
    name: str
    """Name of the site."""
    owner: str
    contact: str


class Recipient(msgspec.Struct, frozen=True):
    address: str
    token: str
    follower: str
    """Id of the row, for the id of the message."""
    lang: str
    pace: str

    def t(self, zh: str, en: str) -> str:
        return en if self.lang == "en" else zh


def confirmation(head: Letterhead, to: Recipient, subject: str, at: datetime) -> EmailMessage:
    """Compose the mail that asks whether its recipient wants news. ``subject``: what would be followed."""
    t = to.t
    lines = [
        t(
            f"有人（应当是您）在“{head.name}”填写了这个邮箱，要求订阅：",
            f"Somebody, probably you, gave this address at {head.name}, to follow:",
        ),
        f"  {subject}（{t(*PACE_WORDS[to.pace])}）",
        "",
        t(
            f"请打开下面的网页确认；{UNCONFIRMED_DAYS}天内未确认的，邮箱地址即被删除：",
            f"Confirm it on this page, within {UNCONFIRMED_DAYS} days:",
        ),
        _page(head, CONFIRM, to),
        "",
        t("如果不是您，请忽略本邮件，不会再收到。", "If it was not you, ignore this mail; no other follows."),
        *_foot(head, to),
    ]
    title = t(f"请确认订阅：{subject}", f"Please confirm: {subject}")
    return _message(head, to, title, lines, at, "confirm")


def news_mail(
    head: Letterhead, to: Recipient, subject: str, news: Sequence[ReleaseNews], upto: int, at: datetime
) -> EmailMessage:
    """Compose the news up to the release with the sequence ``upto``. ``subject``: what is followed."""
    t, total = to.t, sum(one.total + len(one.grounds) for one in news)
    lines = [t(f"您订阅的“{subject}”有变化：", f"News of what you follow, {subject}:"), ""]
    for one in news:
        lines += _release_lines(to, one)
    lines += [
        t("退订（网页上按一下即可）：", "To leave, press the button on this page:"),
        _page(head, LEAVE, to),
    ]
    lines += _foot(head, to)
    only = news[0].lines[0][0] if total == 1 and news[0].lines else ""
    more = "+" if any(one.is_partial for one in news) else ""
    title = only or t(f"{subject}：{total}{more}项", f"{subject}: {total}{more}")
    message = _message(head, to, title, lines, at, str(upto))
    # RFC 8058: one POST by the mail program unsubscribes. The relay's DKIM signature has to cover both.
    message["List-Unsubscribe"] = f"<{_page(head, LEAVE, to)}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Precedence"] = "bulk"
    return message


def _release_lines(to: Recipient, one: ReleaseNews) -> Iterator[str]:
    t = to.t
    yield t(
        f"{one.title}，第{one.number}次发布（{one.day}）", f"{one.title}, release {one.number} ({one.day})"
    )
    for sentence, address in one.lines:
        yield f"- {sentence}"
        yield f"  {address}"
    for ground in one.grounds:
        yield "- " + t(f"有内容已依法删除：{ground}", f"A record was erased by law: {ground}")
    if one.total > len(one.lines) or one.is_partial:
        yield t("其余变化见：", "Further changes: ") + one.address
    yield ""


def _foot(head: Letterhead, to: Recipient) -> Iterator[str]:
    yield ""
    yield "-- "
    yield f"{head.name} {head.base}/"
    if head.owner:
        yield to.t("主办单位：", "Responsible: ") + head.owner
    if head.contact:
        yield to.t("联系方式：", "Contact: ") + head.contact


def _page(head: Letterhead, path: str, to: Recipient) -> str:
    lang = [("lang", to.lang)] if to.lang != "zh" else []
    return f"{head.base}{path}?{urlencode([('token', to.token), *lang])}"


def _message(
    head: Letterhead, to: Recipient, subject: str, lines: Sequence[str], at: datetime, part: str
) -> EmailMessage:
    """Compose a message. Its id is the same for each attempt, so that a server may drop a second one."""
    name, address = parseaddr(head.sender)
    user, _, domain = address.rpartition("@")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(" ".join((name or head.name).split()), user, domain)
    message["To"] = Address("", *to.address.rsplit("@", 1))  # as ``addr_spec`` it raises for .a@example.com
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{to.follower}.{quote(part)}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer by a program
    message.set_content("\n".join(lines) + "\n", cte="base64")
    return message
