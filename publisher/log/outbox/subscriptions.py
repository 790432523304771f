"""Subscriptions to changes, and their deliveries.

A delivery is written in the transaction that removes its release from the outbox, so none is lost or
duplicated if the worker is killed. A sender claims a delivery by moving its ``due_at`` (a lease), so that two
processes do not send the same delivery at once.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from publisher.log.clocks import micros, moment
from publisher.log.database import subscription_tables as w
from publisher.log.database import tables as t
from publisher.log.database.storable_text import storable
from publisher.log.model import LogError
from publisher.log.session import Session

type SubscriptionKind = Literal["webhook", "hub", "wecom", "dingtalk", "feishu"]
type SubscriptionState = Literal["pending", "active", "aside"]
type DeliveryState = Literal["waiting", "done", "nothing", "failed"]

LEASE = timedelta(minutes=2)
"""Lease of a delivery, longer than any request; afterwards another process may send it."""
_LONGEST_DELAY = timedelta(days=2)
"""Attempts are not later than this. One that is was postponed while the clock was ahead, and is due."""
_LONGEST = 2_000
"""Characters of an error or a reason that are stored."""

_u, _d, _b, _o = w.subscription.c, w.delivery.c, t.release.c, t.outbox.c


@dataclass(frozen=True, slots=True)
class Subscription:
    key: int
    id: str
    """Opaque id."""
    kind: SubscriptionKind
    callback: str
    scope: str
    """Scope of changes, as JSON; empty for the hub, which receives every change."""
    secret: str = field(repr=False)
    """Signs messages. Of a webhook: ``whsec_…``, shown once, when it is created. Of a robot: its own. Of the
    hub: empty.
    """
    state: SubscriptionState
    """``pending``: the callback has not confirmed yet. ``aside``: it failed too often."""
    since: datetime
    reason: str = ""
    """Why it was set aside, or why it did not confirm."""


class Delivery(msgspec.Struct, frozen=True):
    key: int
    subscription: Subscription
    release: int
    """Site-wide sequence."""
    dataset: str
    number: int
    published_at: datetime
    state: DeliveryState
    due_at: datetime
    attempts: int
    answer: int | None
    error: str
    tried_at: datetime | None


def create_id() -> str:
    """Create the id of a subscription that is about to be added."""
    return secrets.token_hex(8)


class Subscriptions:
    """``log.subscriptions``: add, confirm and delete subscriptions; claim and settle deliveries."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def subscribe(self, callback: str, scope: str, id_: str = "") -> Subscription:
        """Add a subscription, ``pending`` until its callback confirms. ``id_``: of :func:`create_id`."""
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        return self._add("webhook", callback, scope, secret, id_)

    def add_robot(self, kind: str, address: str, scope: str, secret: str, id_: str = "") -> Subscription:
        """Add a robot of a group, ``pending`` until it accepted a message. ``secret`` signs the messages."""
        return self._add(kind, address, scope, secret, id_)

    def _add(self, kind: str, callback: str, scope: str, secret: str, id_: str) -> Subscription:
        row = self._row(kind, callback, scope, secret, id_)
        with self._session.write() as conn:
            conn.execute(insert(w.subscription).values(row))
            return _fetch_subscription(conn, row["id"])

    def set_hub(self, address: str) -> None:
        """Notify the hub at ``address`` of every release from now on; an empty address removes the hub."""
        with self._session.write() as conn:
            hubs = conn.execute(select(_u.key, _u.callback).where(_u.kind == "hub")).all()
            for hub in hubs:
                if hub.callback != address:
                    _delete_subscription(conn, hub.key)
            if address and address not in {hub.callback for hub in hubs}:
                row = self._row("hub", address, "", "")
                conn.execute(insert(w.subscription).values({**row, "state": "active"}))

    def _row(self, kind: str, callback: str, scope: str, secret: str, id_: str = "") -> dict[str, Any]:
        return {
            "id": id_ or create_id(),
            "kind": kind,
            "callback": callback,
            "scope": scope,
            "secret": secret,
            "state": "pending",
            "since": micros(self._session.clock()),
            "reason": "",
        }

    def all(self) -> tuple[Subscription, ...]:
        """List subscriptions, robots and the hub in the order in which they were added."""
        with self._session.read() as conn:
            return tuple(
                _subscription_from_row(row)
                for row in conn.execute(select(w.subscription).order_by(_u.key)).all()
            )

    def get(self, subscription_id: str) -> Subscription:
        """Raises ``LogError('no-such-subscription')``."""
        with self._session.read() as conn:
            return _fetch_subscription(conn, subscription_id)

    def confirm(self, subscription_id: str) -> Subscription:
        """Activate a subscription after its callback confirmed. Waiting and failed deliveries become due."""
        now = micros(self._session.clock())
        with self._session.write() as conn:
            key = _fetch_subscription(conn, subscription_id).key
            conn.execute(update(w.subscription).where(_u.key == key).values(state="active", reason=""))
            conn.execute(
                update(w.delivery)
                .where(_d.subscription == key, _d.state.in_(("waiting", "failed")))
                .values(state="waiting", attempts=0, due_at=now)
            )
            return _fetch_subscription(conn, subscription_id)

    def mark_unconfirmed(self, subscription_id: str, reason: str) -> None:
        """Store why the callback of a subscription did not confirm; the subscription stays pending."""
        with self._session.write() as conn:
            conn.execute(
                update(w.subscription).where(_u.id == subscription_id).values(reason=_shorten(reason))
            )

    def unsubscribe(self, subscription_id: str) -> None:
        """Delete a subscription and its deliveries. Raises ``LogError('no-such-subscription')``."""
        with self._session.write() as conn:
            _delete_subscription(conn, _fetch_subscription(conn, subscription_id).key)

    def complete_items(self, *, upto: int) -> None:
        """Delete due items up to a sequence from the outbox, and write the deliveries of their releases."""
        now = micros(self._session.clock())
        delivery = exists().where(_d.subscription == _u.key, _d.release == _b.sequence)
        released = (
            select(
                _u.key, _b.sequence, literal("waiting"), literal(now, t.Integer64), literal(0), literal("")
            )
            .join_from(
                t.release,
                t.outbox,
                and_(
                    _o.kind == "release", _o.dataset == _b.dataset, _o.key == _b.number.cast(t.CodePointText)
                ),
            )
            .join(w.subscription, _u.since <= _b.published_at)
            .where(_o.sequence <= upto, _o.due_at <= now, _u.state != "pending", ~delivery)
            .distinct()
        )
        columns = ["subscription", "release", "state", "due_at", "attempts", "error"]
        with self._session.write() as conn:
            conn.execute(insert(w.delivery).from_select(columns, released))
            conn.execute(delete(t.outbox).where(_o.sequence <= upto, _o.due_at <= now))

    def claim_deliveries(self, limit: int, skip: Collection[int] = ()) -> tuple[Delivery, ...]:
        """Claim the first due delivery of each subscriber, and count an attempt.

        ``limit``: number of subscribers. ``skip``: keys of subscribers to skip.
        """
        now = self._session.clock()
        due = (_d.state == "waiting", _is_due(now), _u.state == "active", _u.key.not_in(skip))
        with self._session.read() as conn:  # no write transaction if nothing is due
            if conn.execute(_DELIVERIES.where(*due).limit(1)).first() is None:
                return ()
        first = (
            select(_d.subscription, func.min(_d.release).label("release"))
            .join(w.subscription, _u.key == _d.subscription)
            .where(*due)
            .group_by(_d.subscription)
            .subquery()
        )
        mine = and_(first.c.subscription == _d.subscription, first.c.release == _d.release)
        with self._session.write() as conn:
            rows = conn.execute(_DELIVERIES.join(first, mine).order_by(_d.release, _d.key).limit(limit)).all()
            _claim(conn, rows, now)
        return tuple(_delivery_from_row(row) for row in rows)

    def claim_others(self, delivery: Delivery) -> tuple[Delivery, ...]:
        """Claim the other due deliveries of a subscriber, which are sent in one message with ``delivery``."""
        now = self._session.clock()
        due = (_d.state == "waiting", _is_due(now), _d.subscription == delivery.subscription.key)
        with self._session.write() as conn:
            rows = conn.execute(_DELIVERIES.where(*due).order_by(_d.release)).all()
            _claim(conn, rows, now)
        return tuple(_delivery_from_row(row) for row in rows)

    def accepted_since(self, delivery: Delivery, instant: datetime) -> tuple[datetime, ...]:
        """List when the subscriber accepted a message since an instant, oldest first."""
        accepted = (_d.state == "done", _d.answer.is_not(None), _d.tried_at > micros(instant))
        query = select(_d.tried_at).where(_d.subscription == delivery.subscription.key, *accepted)
        with self._session.read() as conn:
            return tuple(
                moment(at) for at in conn.scalars(query.order_by(_d.tried_at)).all() if at is not None
            )

    def postpone(self, deliveries: Sequence[Delivery], until: datetime) -> None:
        """Send claimed deliveries later, without counting an attempt."""
        with self._session.write() as conn:
            for one in deliveries:
                values = {"due_at": micros(until), "attempts": one.attempts}
                conn.execute(update(w.delivery).where(_d.key == one.key).values(**values))

    def mark_delivered(self, delivery: Delivery, *, answer: int | None, out_of_scope: bool = False) -> None:
        """Mark a delivery as done. ``out_of_scope``: no change in the scope, so nothing was sent."""
        self._settle(delivery, state="nothing" if out_of_scope else "done", answer=answer, error="")

    def mark_undelivered(
        self,
        delivery: Delivery,
        *,
        answer: int | None,
        error: str,
        retry_after: timedelta | None,
        subscriber_gone: bool,
    ) -> bool:
        """Retry after ``retry_after``; None: it failed permanently. → whether the subscription is set aside.

        A subscription is set aside if the subscriber is gone (410) or accepted no delivery since the release.
        """
        if retry_after is not None:
            due = micros(self._session.clock() + retry_after)
            self._settle(delivery, state="waiting", answer=answer, error=error, due_at=due)
            return False
        self._settle(delivery, state="failed", answer=answer, error=error)
        key = delivery.subscription.key
        accepted = (_d.subscription == key, _d.state == "done", _d.tried_at >= micros(delivery.published_at))
        with self._session.write() as conn:
            if (
                not subscriber_gone
                and conn.execute(select(_d.key).where(*accepted).limit(1)).first() is not None
            ):
                return False
            conn.execute(
                update(w.subscription).where(_u.key == key).values(state="aside", reason=_shorten(error))
            )
        return True

    def _settle(self, delivery: Delivery, *, error: str, **values: Any) -> None:
        values |= {"error": _shorten(error), "tried_at": micros(self._session.clock())}
        with self._session.write() as conn:
            conn.execute(update(w.delivery).where(_d.key == delivery.key).values(**values))

    def deliveries(self, subscription: str | None = None, *, limit: int = 100) -> tuple[Delivery, ...]:
        """List deliveries, newest first."""
        query = _DELIVERIES.order_by(_d.key.desc()).limit(limit)
        if subscription is not None:
            query = query.where(_u.id == storable(subscription))
        with self._session.read() as conn:
            return tuple(_delivery_from_row(row) for row in conn.execute(query).all())


_SUBSCRIPTION_COLUMNS: Sequence[Any] = tuple(column.label(f"of_{column.key}") for column in w.subscription.c)
_DELIVERIES: Select[Any] = (
    select(*w.delivery.c, *_SUBSCRIPTION_COLUMNS, t.dataset.c.name, _b.number, _b.published_at)
    .join_from(w.delivery, w.subscription, _u.key == _d.subscription)
    .join(t.release, _b.sequence == _d.release)
    .join(t.dataset, t.dataset.c.key == _b.dataset)
)


def _claim(conn: Connection, rows: Sequence[Any], now: datetime) -> None:
    """Count an attempt of each delivery, which is due again after the lease if it is not settled."""
    for batch in batched(rows, 500):
        conn.execute(
            update(w.delivery)
            .where(_d.key.in_([row.key for row in batch]))
            .values(due_at=micros(now + LEASE), attempts=_d.attempts + 1)
        )


def _fetch_subscription(conn: Connection, subscription_id: str) -> Subscription:
    row = conn.execute(select(w.subscription).where(_u.id == storable(subscription_id))).first()
    if row is None:
        raise LogError(
            "no-such-subscription",
            f"没有订阅“{subscription_id}”。",
            f"There is no subscription {subscription_id!r}.",
        )
    return _subscription_from_row(row)


def _subscription_from_row(row: Any, prefix: str = "") -> Subscription:
    names = (column.name for column in w.subscription.c if column is not _u.seal)
    values = {name: getattr(row, prefix + name) for name in names}
    return Subscription(**{**values, "since": moment(values["since"])})


def _shorten(answer: str) -> str:
    """Return what a subscriber said as it is stored."""
    return storable(answer)[:_LONGEST]


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(_d.due_at <= micros(now), _d.due_at > micros(now + _LONGEST_DELAY))


def _delivery_from_row(row: Any) -> Delivery:
    return Delivery(
        key=row.key,
        subscription=_subscription_from_row(row, "of_"),
        release=row.release,
        dataset=row.name,
        number=row.number,
        published_at=moment(row.published_at),
        state=row.state,
        due_at=moment(row.due_at),
        attempts=row.attempts,
        answer=row.answer,
        error=row.error,
        tried_at=None if row.tried_at is None else moment(row.tried_at),
    )


def _delete_subscription(conn: Connection, key: int) -> None:
    conn.execute(delete(w.delivery).where(_d.subscription == key))
    conn.execute(delete(w.subscription).where(_u.key == key))
