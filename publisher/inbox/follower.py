"""Value types of followers: who receives changes by e-mail."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

type Pace = Literal["at-once", "daily", "weekly"]
type FollowerState = Literal["new", "asked", "active", "aside"]
"""``new``: no mail yet. ``asked``: the mail that asks for confirmation was sent. ``aside``: mails fail."""
type Choice = Literal["confirmed", "left"]

PACES: tuple[Pace, ...] = get_args(Pace.__value__)
MAX_ADDRESS = 200
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
"""The form of HTML's ``<input type=email>``, with a domain of several labels."""


def is_address(text: str) -> bool:
    """Report whether a text has the form of an e-mail address in ASCII."""
    return len(text) <= MAX_ADDRESS and _ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader asks for in the form."""

    address: str = field(repr=False)
    scope: str
    """Scope of changes, as JSON."""
    pace: Pace
    lang: str


@dataclass(frozen=True, slots=True)
class Following:
    """What the holder of a token may know of it."""

    scope: str
    pace: Pace
    is_active: bool
    """It is confirmed, and has not left."""
    has_left: bool


@dataclass(frozen=True, slots=True)
class Follower:
    """A follower as the worker has it."""

    id: str
    scope: str
    pace: Pace
    lang: str
    state: FollowerState
    since: datetime
    """When the state began; of a new one, when it came."""
    told: int
    """Sequence of the last release that was told."""
    attempts: int
    """Failures since the last success."""
    error: str
    key: str = field(repr=False)
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What is sealed of a follower."""

    address: str
    token: str
