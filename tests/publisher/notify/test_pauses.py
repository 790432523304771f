"""When deliveries are tried: while the database is away, and after a wrong clock."""

from __future__ import annotations

from datetime import timedelta

import anyio
import pytest
from sqlalchemy.exc import OperationalError

from publisher.notify.delivery import RETRIES, Notifier
from search.query.field_filters import FilterFields
from tests.publisher.notify.conftest import Desk, confirming
from tests.publisher.views.syndication.conftest import SECOND
from tests.support.servers.loopback import Answer

AWAY = OperationalError("SELECT 1\nFROM delivery", {}, Exception("connection refused\nDETAIL: none"))


@pytest.mark.slow
def test_deliveries_wait_for_a_database_with_few_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Ten tracebacks a second were four gigabytes a day."""

    def refuse(*_: object) -> None:
        raise AWAY

    monkeypatch.setattr(desk.site.log.subscriptions, "claim_deliveries", refuse)
    notifier = Notifier(desk.site.log, desk.site.engine, FilterFields, desk.sender)
    caplog.clear()

    async def run_for_two_seconds() -> None:
        with anyio.move_on_after(2):
            await notifier.run(stop=anyio.Event(), poll=0.01)

    anyio.run(run_for_two_seconds)
    assert 4 <= len(caplog.records) <= 9
    assert all(record.exc_info is None for record in caplog.records)
    assert "connection refused" in caplog.records[0].getMessage()
    assert "SELECT" not in caplog.text


def test_what_was_put_off_while_the_clock_was_a_year_ahead_is_sent_at_once(desk: Desk) -> None:
    desk.subscribe()
    desk.site.publish(SECOND)
    desk.advance(timedelta(days=365))
    desk.server.answers["/hook"] = Answer(b"busy", 503)
    assert desk.deliver() == 1
    desk.advance(timedelta(days=-365))
    desk.server.answers["/hook"] = confirming
    assert desk.deliver() == 1
    (delivery,) = desk.log()
    assert (delivery.state, delivery.attempts) == ("done", 2)


@pytest.mark.slow
def test_no_retry_is_taken_for_one_of_a_wrong_clock(desk: Desk) -> None:
    desk.subscribe()
    desk.site.publish(SECOND)
    desk.server.answers["/hook"] = Answer(b"busy", 503)
    for pause in RETRIES:
        assert desk.deliver() == 1
        assert desk.deliver() == 0
        desk.advance(pause)
