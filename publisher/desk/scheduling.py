"""Work of the desk at its time: scheduled publications, lines of unfinished acts, heads of the audit log.

A scheduled publication is made in the name of the person who set it, with the rights that he has then. The
head of the audit log becomes an entry of the log once a day and after each release.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from litestar import Litestar
from litestar.concurrency import sync_to_thread
from litestar.exceptions import HTTPException

from publisher.desk import reader_corrections, work
from publisher.desk.accounts.schedules import Schedule
from publisher.desk.acts import complete_acts
from publisher.desk.desk import Desk
from publisher.desk.work import Person
from publisher.log.clocks import SHANGHAI
from publisher.log.model import LogError

LONGEST = timedelta(days=366)
"""Longest time until a scheduled publication."""
_ABANDONED = timedelta(minutes=1)
"""An act without its line after so long was abandoned by the request that began it."""
_POLL = 15.0
"""Seconds between looks for what is due."""
logger = logging.getLogger(__name__)


def schedule(desk: Desk, person: Person, key: int, digest: str, at: datetime) -> Schedule:
    """Publish a submission at an instant; it replaces an earlier time.

    Raises as :func:`.work.require_publishable`, and ``LogError('bad-schedule')``.
    """
    one = work.require_publishable(desk, person, key, digest)
    now = desk.clock()
    if not now < at <= now + LONGEST:
        raise LogError(
            "bad-schedule",
            f"发布时间须晚于现在，且在{LONGEST.days}天之内。",
            f"The time of publication has to be later than now, and within {LONGEST.days} days.",
        )
    new = Schedule(key, one.dataset, digest, person.name, at.astimezone(UTC))
    details = {"submission": key, "digest": digest, "publish_at": at.astimezone(SHANGHAI).isoformat()}
    desk.staff.schedules.put(new, now, work.event_of(person, one.dataset, details))
    return new


def unschedule(desk: Desk, person: Person, key: int) -> None:
    """Take back the time of a submission, which stays approved. Raises ``LogError('no-such-schedule')``."""
    one = work.require_publisher(desk, person, key)
    event = work.event_of(person, one.dataset, {"submission": key})
    if not desk.staff.schedules.remove(key, desk.clock(), event):
        raise LogError(
            "no-such-schedule", "这次提交没有定时发布。", "The submission has no time to wait for."
        )


def publish_due(desk: Desk) -> None:
    """Publish what is due. What cannot be published then is noted with its reason and not tried again."""
    for due in desk.staff.schedules.due(desk.clock()):
        if desk.staff.schedules.all().get(due.submission) != due:  # taken back while another was published
            continue
        try:
            if desk.log.approvals.get(due.submission).state != "published":
                work.publish(desk, _person(desk, due), due.submission, due.digest)
        except (LogError, HTTPException) as error:
            if not isinstance(error, LogError) or error.code != "busy":  # that is tried at the next look
                _note(desk, due, error)
        else:
            desk.staff.schedules.remove(due.submission, desk.clock())


def complete_old_acts(desk: Desk) -> None:
    """Append the lines of acts that failed to get theirs, for example because the disk was full."""
    complete_acts(desk, older_than=_ABANDONED)


def append_audit_head(desk: Desk) -> None:
    """Append the head of the audit log to the log if it is due, whoever published."""
    desk.log.proofs.append_audit_head(desk.staff.audit.head)


@asynccontextmanager
async def work_on_time(app: Litestar) -> AsyncIterator[None]:
    """Look for what is due while the application runs."""
    desk: Desk = app.state.desk
    await sync_to_thread(complete_acts, desk)  # before the first line of this process

    async def look() -> None:
        while True:
            for job in (complete_old_acts, publish_due, reader_corrections.settle, append_audit_head):
                try:
                    await sync_to_thread(job, desk)
                except Exception:
                    logger.exception("%s failed", job.__name__)
            await asyncio.sleep(_POLL)

    task = asyncio.create_task(look())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _person(desk: Desk, due: Schedule) -> Person:
    account = desk.staff.accounts.get(due.account)
    if account.disabled_at is not None:
        raise LogError(
            "no-such-account",
            f"设定发布时间的账号“{account.name}”已停用。",
            f"The account {account.name}, which set the time, is disabled.",
        )
    return Person(account, "")


def _note(desk: Desk, due: Schedule, error: LogError | HTTPException) -> None:
    zh, en = "设定发布时间的账号已没有发布的权限。", "The account that set the time may not publish any more."
    code = "not-permitted"
    if isinstance(error, LogError):
        zh, en, code = error.zh, error.en, error.code
    details = {"submission": due.submission, "code": code}
    event = {"actor": due.account, "subject": due.dataset, "details": details}
    desk.staff.schedules.fail(due, zh, en, desk.clock(), event)
