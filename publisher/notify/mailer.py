"""The worker's mails: questions to new followers, and the changes to confirmed ones.

What was sent is recorded after the server accepted it, mail by mail. A worker that is killed between the two
sends one mail twice, with the same Message-ID; SMTP has no way to avoid that. None is lost.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import anyio
import msgspec
from anyio import to_thread
from sqlalchemy.exc import SQLAlchemyError

from publisher.failure_lines import describe_in_a_line, log_failure
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.follower import PACES, Follower, Mailbox, Pace
from publisher.inbox.followers import Followers, open_followers
from publisher.log.clocks import SHANGHAI, utc_now
from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.log.outbox.outbox import PublishedRelease
from publisher.notify.mail_message import Letterhead, Recipient, confirmation, news_mail
from publisher.notify.mail_server import MailConnection, MailRefusedError, MailServer, ServerAwayError
from publisher.notify.news import NewsReader, ReleaseNews
from publisher.settings import Settings
from publisher.views.syndication.feed import scope_title
from publisher.views.syndication.scope import decode_scope
from search.contract import SearchEngine, SearchError
from search.query.field_filters import FilterFields

HOUR = 8
"""Hour of the day in China at which digests are sent; weekly ones on Monday."""
RETRIES = (
    *(timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6)),
    *(timedelta(days=1), timedelta(days=1), timedelta(days=2)),
)
"""Delays after a refused mail; then its address is set aside."""
_BATCH = 200
_FAULT_PAUSE = timedelta(hours=1)
"""Pause of the mails to a follower whose address or news cannot be read."""
_SEARCH_PAUSE = timedelta(seconds=20)
"""Pause of the mails that need a search which fails, or has not read the release yet."""
_LONGEST_PAUSE = 60.0
"""Seconds between two attempts, in which nobody who left is deleted."""
logger = logging.getLogger(__name__)


class _Letter(msgspec.Struct, frozen=True):
    """A mail to send: news, or without them the request for confirmation."""

    follower: Follower
    subject: str
    news: Sequence[ReleaseNews] = ()
    upto: int = 0
    read_at_sequence: int = 0
    """Sequence of the log that the news were read from."""


@dataclass(slots=True)
class Mailer:
    log: Log
    news: NewsReader
    followers: Followers
    server: MailServer
    sender: str
    clock: Callable[[], datetime] = utc_now
    _releases: list[PublishedRelease] = field(default_factory=list, repr=False)
    """All releases, in order."""
    _to_index: int | None = field(default=None, repr=False)
    """Sequence of the first release that cannot be searched yet."""

    async def send_due(self) -> int:
        """Send the mails that are due, and delete followers who left → number of mails.

        Mails that need a search wait while there is none. Raises :class:`ServerAwayError`.
        """
        await to_thread.run_sync(self._read_releases)
        await to_thread.run_sync(self.followers.apply_choices, self._newest_at)
        sent = 0
        while new := await to_thread.run_sync(self.followers.to_ask, _BATCH):
            letters = [_Letter(one, await self._title(one)) for one in new]
            sent += await to_thread.run_sync(self._send, letters)
        upto = {pace: self._newest_before(last_slot(pace, self.clock())) for pace in PACES}
        while behind := await to_thread.run_sync(self.followers.to_notify, upto, _BATCH):
            sent += await self._notify(behind, upto)
        return sent

    def _read_releases(self) -> None:
        after = self._releases[-1].sequence if self._releases else 0
        self._releases += self.log.outbox.releases(after)
        self._to_index = self.log.outbox.first_release_to_index()  # last: of a later release nothing is said

    def _newest_before(self, slot: datetime | None) -> int:
        """Return the sequence of the newest release that was published before an instant; None: of all."""
        end = len(self._releases)
        if slot is not None:
            end = bisect_left(self._releases, slot, key=lambda release: release.published_at)
        return self._releases[end - 1].sequence if end else 0

    def _newest_at(self, instant: datetime) -> int:
        """Return the sequence of the newest release that was published by an instant."""
        return self._newest_before(instant + timedelta.resolution)

    async def _title(self, follower: Follower) -> str:
        return await to_thread.run_sync(scope_title, self.log, follower.scope)

    async def _notify(self, behind: Sequence[Follower], upto: Mapping[Pace, int]) -> int:
        letters: list[_Letter] = []
        unconcerned: dict[int, list[str]] = {}
        waiting: list[str] = []
        outage = ""
        for one in behind:
            newest = upto[one.pace]
            try:
                if decode_scope(one.scope).needs_search:
                    newest = self._searchable(newest)
                    if outage or newest <= one.told:
                        waiting.append(one.id)
                        continue
                releases = [r for r in self._releases[self._index(one.told) :] if r.sequence <= newest]
                news = await self.news.of_releases(one.scope, releases)
            except SearchError as error:
                outage = str(error) or "search"
                logger.warning("mails wait for the search: %s", describe_in_a_line(error))
                waiting.append(one.id)
                continue
            except SQLAlchemyError:
                raise
            except Exception as error:  # noqa: BLE001 - what one follows keeps mails from nobody else
                log_failure(logger, f"news for follower {one.id}", error)
                await to_thread.run_sync(self.followers.postpone, [one.id], str(error), _FAULT_PAUSE)
                continue
            if news:
                letters.append(_Letter(one, await self._title(one), news, newest, self.news.sequence))
            else:
                unconcerned.setdefault(newest, []).append(one.id)
        if waiting:
            await to_thread.run_sync(self.followers.postpone, waiting, outage, _SEARCH_PAUSE)
        for newest, followers in unconcerned.items():
            await to_thread.run_sync(self.followers.mark_notified, followers, newest)
        return await to_thread.run_sync(self._send, letters) if letters else 0

    def _searchable(self, upto: int) -> int:
        """Return the sequence of the newest release up to one that can be searched."""
        if self._to_index is None or upto < self._to_index:
            return upto
        end = self._index(self._to_index - 1)
        return self._releases[end - 1].sequence if end else 0

    def _index(self, sequence: int) -> int:
        """Return the index of the first release after a sequence."""
        return bisect_left(self._releases, sequence + 1, key=lambda release: release.sequence)

    def _send(self, letters: Sequence[_Letter]) -> int:
        own, _ = self.log.datasets.site_details()
        base = self.log.datasets.site().base
        head = Letterhead(self.sender, base, own.name or base, own.owner, own.contact)
        sent, addressed = 0, self._unseal(letters)
        if not addressed:
            return 0
        with self.server.connect() as connection:
            for letter, mailbox in addressed:
                if letter.news and self.log.queries.sequence() != letter.read_at_sequence:
                    break  # what was published just now may withhold what these mails say
                sent += self._send_one(connection, head, letter, mailbox)
        return sent

    def _unseal(self, letters: Sequence[_Letter]) -> Sequence[tuple[_Letter, Mailbox]]:
        """Open the addresses. Mails to those whose key is lost or unusable are tried again later."""
        addressed: list[tuple[_Letter, Mailbox]] = []
        unreadable: list[str] = []
        reason = ""
        for letter in letters:
            try:
                addressed.append((letter, self.followers.mailbox(letter.follower)))
            except LogError as error:
                unreadable.append(letter.follower.id)
                reason = str(error)
        if unreadable:
            self.followers.postpone(unreadable, reason, _FAULT_PAUSE)
            logger.warning("addresses of %d followers cannot be opened: %s", len(unreadable), reason)
        return addressed

    def _send_one(
        self, connection: MailConnection, head: Letterhead, letter: _Letter, mailbox: Mailbox
    ) -> bool:
        follower, now = letter.follower, self.clock()
        to = Recipient(mailbox.address, mailbox.token, follower.id, follower.lang, follower.pace)
        try:
            if letter.news:
                connection.send(news_mail(head, to, letter.subject, letter.news, letter.upto, now))
                self.followers.mark_notified([follower.id], letter.upto)
            else:
                connection.send(confirmation(head, to, letter.subject, now))
                self.followers.mark_asked(follower.id)
        except MailRefusedError as error:
            self._record_refusal(follower, error)
            return False
        return True

    def _record_refusal(self, follower: Follower, error: MailRefusedError) -> None:
        if error.is_dead or follower.attempts >= len(RETRIES):
            self.followers.set_aside(follower.id, str(error))
            logger.warning("follower %s is set aside", follower.id)
        else:
            self.followers.mark_failed(follower.id, str(error), RETRIES[follower.attempts])


def last_slot(pace: Pace, now: datetime) -> datetime | None:
    """Return the last instant at which digests of a pace were due; None: news are due at once."""
    if pace == "at-once":
        return None
    slot = now.astimezone(SHANGHAI).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    if slot > now:
        slot -= timedelta(days=1)
    return slot - timedelta(days=slot.weekday()) if pace == "weekly" else slot


async def run_mailer(
    settings: Settings,
    log: Log,
    search: SearchEngine,
    fields: Callable[[], FilterFields],
    *,
    poll: float = 2.0,
) -> None:
    """Send mails until cancelled, if the site has them. A failure is logged, and tried again later."""
    if not settings.mail or not settings.smtp:
        if settings.mail:
            logger.warning("QINGDAN_MAIL is set without QINGDAN_SMTP: no mail is sent")
        return
    keys = SealKeys(settings.keys, settings.key_passphrase)
    server, pause, has_warned = MailServer.parse(settings.smtp), poll, False
    while True:
        try:
            with open_followers(settings.database, settings.inbox, keys) as followers:
                if followers is not None:
                    mailer = Mailer(log, NewsReader(log, search, fields), followers, server, settings.mail)
                    while True:
                        with log.outbox.mail_lock() as is_locked:
                            if is_locked:
                                await mailer.send_due()
                        pause = poll
                        await anyio.sleep(poll)
            if not has_warned:
                logger.warning("there is no inbox, so nobody can follow by e-mail (qingdan corrections key)")
            has_warned, pause = True, min(pause * 2, _LONGEST_PAUSE)  # it may be created while this runs
        except (ServerAwayError, SearchError, LogError, SQLAlchemyError) as error:
            logger.warning("mails could not be sent, which is tried again: %s", describe_in_a_line(error))
            pause = min(pause * 2, _LONGEST_PAUSE)
        await anyio.sleep(pause)
