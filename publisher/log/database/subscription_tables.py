"""Tables of subscribers and deliveries."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from publisher.log.database.sealing.sealed_columns import sealed
from publisher.log.database.tables import CodePointText, Integer64, metadata

subscription = Table(
    "subscription",
    metadata,
    Column("key", Integer64, primary_key=True),
    Column("id", CodePointText, nullable=False, unique=True),
    Column("kind", CodePointText, nullable=False),  # webhook, hub, wecom, dingtalk, feishu
    Column("callback", CodePointText, nullable=False),
    Column("scope", CodePointText, nullable=False),
    Column("secret", CodePointText, nullable=False),
    Column("state", CodePointText, nullable=False),  # pending, active, aside
    Column(
        "since", BigInteger, nullable=False
    ),  # the subscriber is notified of releases from this instant on
    Column("reason", CodePointText, nullable=False),
    *sealed("subscription"),
)
"""Subscribers to changes: webhook callbacks, robots of groups and the hub."""

delivery = Table(
    "delivery",
    metadata,
    Column("key", Integer64, primary_key=True),
    Column("subscription", ForeignKey("subscription.key"), nullable=False),
    Column("release", ForeignKey("release.sequence"), nullable=False),
    Column("state", CodePointText, nullable=False),  # waiting, done, nothing, failed
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("answer", Integer),  # HTTP status of the last attempt
    Column("error", CodePointText, nullable=False),
    Column("tried_at", BigInteger),
    *sealed("delivery"),
    UniqueConstraint("subscription", "release"),
    Index("delivery_due", "state", "due_at"),
)
"""Deliveries of a release to a subscription, in each state."""
