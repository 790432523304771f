"""Followers in the inbox, on both databases: what the public side may do, and what the worker carries out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from publisher.inbox import tables as t
from publisher.inbox.backup_copy import copy_inbox
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.follower import UNCONFIRMED_DAYS, Wish
from publisher.inbox.followers import Followers, open_followers
from publisher.inbox.public_followers import PublicFollowers
from tests.publisher.inbox.test_inbox import Both, open_both
from tests.support.clock import Clock

WISH = Wish("li.si@example.com", "{}", "daily", "zh")


@pytest.fixture
def both(url: str, tmp_path: Path, clock: Clock) -> Iterator[Both]:
    both = open_both(tmp_path, url, clock)
    yield both
    both.public.close()
    both.clerk.close()


@pytest.fixture
def worker(both: Both) -> Iterator[Followers]:
    with ExitStack() as stack:
        keys = SealKeys(both.home / "keys")
        worker = stack.enter_context(open_followers(both.url, both.file, keys, clock=both.clock))
        assert worker is not None
        yield worker


def token_of(worker: Followers) -> str:
    (follower,) = worker.all()
    return worker.mailbox(follower).token


def test_the_public_side_takes_wishes_and_choices_and_reads_no_address(both: Both, worker: Followers) -> None:
    public = both.public.followers()
    assert public.is_on()
    public.submit(WISH)
    (follower,) = worker.to_ask(10)
    mailbox = worker.mailbox(follower)
    assert mailbox.address == WISH.address
    worker.mark_asked(follower.id)
    following = public.following(mailbox.token)
    assert following is not None
    assert not following.is_active
    assert public.following(mailbox.token + "x") is None
    assert public.choose(mailbox.token, "confirmed")
    assert public.choose(mailbox.token, "confirmed")  # once more
    assert not public.choose("another", "left")
    assert worker.apply_choices(lambda _: 7) == 0
    (active,) = worker.all()
    assert (active.state, active.told) == ("active", 7)
    for statement in (
        select(t.follower.c.sealed),
        select(t.follower.c.told),
        update(t.follower).values(state="active"),
        t.follower.delete(),
        t.choice.delete(),
    ):
        with pytest.raises(DBAPIError), public._database.write() as conn:
            conn.execute(statement).fetchall()
    assert public.choose(mailbox.token, "left")
    assert public.following(mailbox.token).has_left  # type: ignore[union-attr]
    assert worker.to_notify({"daily": 9}, 10) == []  # nothing is sent meanwhile
    assert worker.apply_choices(lambda _: 7) == 1
    assert public.following(mailbox.token) is None
    assert worker.all() == []


def test_whoever_is_told_is_not_told_again_and_paces_are_apart(both: Both, worker: Followers) -> None:
    both.public.followers().submit(WISH)
    both.public.followers().choose(token_of(worker), "confirmed")
    worker.apply_choices(lambda _: 1)
    assert worker.to_notify({"weekly": 9, "daily": 1, "at-once": 9}, 10) == []
    (follower,) = worker.to_notify({"weekly": 0, "daily": 2, "at-once": 0}, 10)
    worker.mark_failed(follower.id, "452", timedelta(hours=1))
    assert worker.to_notify({"daily": 2}, 10) == []
    both.clock.advance(hours=1)
    assert worker.to_notify({"daily": 2}, 10)[0].attempts == 1
    worker.mark_notified([follower.id], 2)
    assert worker.to_notify({"daily": 2}, 10) == []
    assert worker.all()[0].attempts == 0


def test_who_confirmed_while_no_worker_ran_stays(both: Both, worker: Followers) -> None:
    both.public.followers().submit(WISH)
    both.public.followers().choose(token_of(worker), "confirmed")
    both.clock.advance(days=UNCONFIRMED_DAYS)
    assert worker.apply_choices(lambda _: 1) == 0
    assert worker.counts() == {"active": 1}


def test_addresses_are_in_no_backup_and_deleted_ones_in_no_file(tmp_path: Path, clock: Clock) -> None:
    both = open_both(tmp_path, f"sqlite:///{tmp_path / 'log.db'}", clock)
    both.public.followers().submit(WISH)
    copy_inbox(both.file, tmp_path / "backup" / "inbox.db")
    keys = SealKeys(tmp_path / "keys")
    with open_followers(both.url, tmp_path / "backup" / "inbox.db", keys) as restored:
        assert restored is not None
        assert restored.all() == []
    with open_followers(both.url, both.file, keys) as worker:
        assert worker is not None
        (follower,) = worker.all()
        sealed = follower.sealed
        assert worker.remove(follower.id)
        assert not worker.remove(follower.id)
        stored = b"".join(file.read_bytes() for file in both.file.parent.iterdir() if file.is_file())
        assert sealed[:32] not in stored


def test_a_store_without_the_tables_is_off_for_the_public(tmp_path: Path, clock: Clock) -> None:
    both = open_both(tmp_path, f"sqlite:///{tmp_path / 'log.db'}", clock)
    with both.clerk._database.write() as conn:
        for table in (t.follower, t.choice):
            table.drop(conn)
    public: PublicFollowers = both.public.followers()
    assert not public.is_on()
    both.clerk._database.upgrade()
    assert public.is_on()
