"""The worker's mails of a site, in a process that may be killed.

``python -m tests.publisher.notify.mail_job HOME NOW SMTP``
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import anyio

from publisher import settings
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.followers import open_followers
from publisher.log.log import Log
from publisher.notify.mail_server import MailServer
from publisher.notify.mailer import Mailer
from publisher.notify.news import NewsReader
from search.embedded.engine import EmbeddedEngine
from search.query.field_filters import FilterFields


def main(home: str, now: str, smtp: str) -> None:
    place, instant = settings.read_settings(Path(home)), datetime.fromisoformat(now)
    log = Log.open(place.database, sources=place.sources, clock=lambda: instant)
    news = NewsReader(log, EmbeddedEngine(place.index), FilterFields)
    with open_followers(place.database, place.inbox, SealKeys(place.keys), clock=lambda: instant) as store:
        assert store is not None
        mailer = Mailer(log, news, store, MailServer.parse(smtp), "news@example.gov.cn", lambda: instant)
        anyio.run(mailer.send_due)


if __name__ == "__main__":
    main(*sys.argv[1:])
