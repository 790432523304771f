"""A site whose readers follow it by e-mail: its pages, its worker and a mail server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import anyio
import httpx

from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.followers import Followers, open_followers
from publisher.inbox.form_limits import MIN_SECONDS
from publisher.inbox.inbox import Inbox
from publisher.notify.mail_server import MailServer
from publisher.notify.mailer import Mailer
from publisher.notify.news import NewsReader
from publisher.settings import read_settings
from search.query.field_filters import FilterFields
from tests.publisher.views.syndication.conftest import FIRST, Service, open_service
from tests.support.servers.mail import Mail, Postbox, mail_server
from tests.support.site import BASE

SENDER = "示例市清单 <news@example.gov.cn>"
FORM = "application/x-www-form-urlencoded"
ALL = "/feeds/all.atom"


@dataclass
class MailSite:
    site: Service
    postbox: Postbox
    followers: Followers
    mailer: Mailer

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        body = urlencode(fields).encode()
        return self.site.client.post(
            path, content=body, headers={"content-type": FORM, **headers}, follow_redirects=False
        )

    def ask(
        self, address: str, feed: str = ALL, pace: str = "at-once", lang: str = "zh", **more: str
    ) -> httpx.Response:
        """Fill the form of the page of every change in, as long as a reader takes."""
        page = self.site.client.get("/follow", params={"lang": lang}).text
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token, page
        self.site.clock.advance(seconds=MIN_SECONDS)
        fields = {"token": token[1], "feed": feed, "email": address, "pace": pace, **more}
        return self.post(f"/follow?lang={lang}", fields)

    def work(self) -> int:
        """Run the worker once: index, then mail."""
        self.site.index()
        return anyio.run(self.mailer.send_due)

    def follow(self, address: str, feed: str = ALL, pace: str = "at-once", lang: str = "zh") -> str:
        """Follow, and confirm by the mail → path and query of the page that leaves."""
        assert self.ask(address, feed, pace, lang).status_code == 303
        self.work()
        (mail,) = self.postbox.take()
        path = page_of(mail, "/follow/confirm")
        assert self.post(path, {}).status_code == 200
        self.work()
        return path.replace("/confirm", "/leave")

    def advance(self, by: timedelta) -> None:
        self.site.clock.now += by


def page_of(mail: Mail, path: str) -> str:
    """Path and query of a page of the site that a mail names."""
    match = re.search(rf"{re.escape(BASE + path)}\?\S+", mail.text)
    assert match, mail.text
    parts = urlsplit(match[0])
    return f"{parts.path}?{parts.query}"


@contextmanager
def open_mail_site(home: Path, *, database: str = "") -> Iterator[MailSite]:
    environ = {"QINGDAN_MAIL": SENDER} | ({"QINGDAN_DATABASE": database} if database else {})
    settings = read_settings(home, environ)
    keys = SealKeys(settings.keys)
    home.mkdir(parents=True, exist_ok=True)
    Inbox.create(settings.database, settings.inbox, keys)
    with mail_server() as postbox, open_service(home, **environ) as site:
        site.publish(FIRST[:1])
        with open_followers(settings.database, settings.inbox, keys, clock=site.clock) as followers:
            assert followers is not None
            news = NewsReader(site.log, site.engine, FilterFields)
            server = MailServer.parse(postbox.address)
            mailer = Mailer(site.log, news, followers, server, SENDER, site.clock)
            yield MailSite(site, postbox, followers, mailer)
