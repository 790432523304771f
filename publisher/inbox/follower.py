"""Value types of followers: who receives changes by e-mail."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

import msgspec

type Pace = Literal["at-once", "daily", "weekly"]
type FollowerState = Literal["new", "asked", "active", "aside"]
"""``new``: no mail yet. ``asked``: the mail that asks for confirmation was sent. ``aside``: mails fail."""
type Choice = Literal["confirmed", "left"]

PACES: tuple[Pace, ...] = get_args(Pace.__value__)
CONFIRM, LEAVE = "/follow/confirm", "/follow/leave"
"""Addresses of the pages with the buttons; ``token`` is in the query, which is in no log of ours."""
UNCONFIRMED_DAYS = 2
"""Days after the mail in which a wish can be confirmed; then it is deleted with its address."""
MAX_ADDRESS = 200
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
"""The form of HTML's ``<input type=email>``, with a domain of several labels."""


def is_address(text: str) -> bool:
    """Report whether a text has the form of an e-mail address in ASCII."""
    return len(text) <= MAX_ADDRESS and _ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Wish:
    """A request to follow changes, as the form takes it."""

    address: str = field(repr=False)
    scope: str
    """Scope of changes, as JSON."""
    pace: Pace
    lang: str


class Following(msgspec.Struct, frozen=True):
    """The subscription of a follower, as the holder of its token may see it."""

    scope: str
    pace: Pace
    is_active: bool
    """Whether it is confirmed and not ended."""
    has_left: bool


@dataclass(frozen=True, slots=True)
class Follower:
    """A follower as the worker reads it."""

    id: str
    scope: str
    pace: Pace
    lang: str
    state: FollowerState
    since: datetime
    """When the state began; for a new follower, when the request came."""
    told: int
    """Sequence of the last release that a mail named."""
    attempts: int
    """Failures since the last success."""
    error: str
    key: str = field(repr=False)
    sealed: bytes = field(repr=False)


class Mailbox(msgspec.Struct, frozen=True):
    """The personal data of a follower, which are stored sealed."""

    address: str
    token: str
