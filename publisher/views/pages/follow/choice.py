"""The pages that mails link to: a GET shows a button, and only its POST confirms or leaves."""

from __future__ import annotations

from typing import NamedTuple

from publisher.inbox.follow_form import FollowForm
from publisher.inbox.follower import UNCONFIRMED_DAYS, Choice, Following
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.views.syndication.feed import scope_title
from publisher.web.conditional_requests import Validity
from publisher.web.problems import ProblemError
from publisher.web.query_parameters import Grammar
from publisher.web.route import Reply
from publisher.web.service import Service

_GRAMMAR = Grammar(filters={"token": "string"})


class _Words(NamedTuple):
    title: tuple[str, str]
    button: tuple[str, str]


WORDS: dict[Choice, _Words] = {
    "confirmed": _Words(("确认订阅", "Confirm"), ("确认订阅", "Confirm")),
    "left": _Words(("退订", "Leave"), ("退订并删除邮箱地址", "Leave, and delete the address")),
}


def confirm(press: Press, visit: Visit) -> Reply:
    """Render the button that confirms. Raises ``no-such-route`` if the site sends no mails."""
    return _show(press, visit, "confirmed")


def leave(press: Press, visit: Visit) -> Reply:
    """Render the button that leaves. Raises as :func:`confirm`."""
    return _show(press, visit, "left")


def open_mail(service: Service) -> FollowForm:
    """Return the form. Raises ``no-such-route`` if the site sends no mails."""
    if service.mail is None:
        raise ProblemError("no-such-route")
    return service.mail


def token_of(visit: Visit) -> str:
    visit.parse_query(_GRAMMAR)
    return "".join(visit.values("token")[:1])


def _show(press: Press, visit: Visit, choice: Choice) -> Reply:
    following = open_mail(visit.service).followers.following(token_of(visit))
    return Reply(Validity(()), lambda: render(press, visit, choice, following), HEADERS)


def render(press: Press, visit: Visit, choice: Choice, following: Following | None) -> bytes:
    """Render the page of a choice: its button, or what became of the subscription."""
    words = WORDS[choice]
    return press.page(
        "follow_choice.html",
        visit,
        Head(visit.t(*words.title), indexable=False),
        choice=choice,
        subject=scope_title(visit.service.log, following.scope) if following else "",
        following=following,
        button=visit.t(*words.button),
        action=visit.here(),
        days=UNCONFIRMED_DAYS,
    )
