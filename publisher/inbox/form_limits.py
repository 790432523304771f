"""Limits of public forms without cookies: tokens that state when a form was printed, and requests of a
network address a day.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Literal

from publisher.log.clocks import day_at, utc_now

type Fault = Literal["too-young", "too-old", "forged"]
FAULTS: Mapping[Fault, tuple[str, str]] = {
    "too-young": ("提交得太快，请核对后再次提交。", "This was sent very fast; check it and send it again."),
    "too-old": ("表单已过期，请核对后再次提交。", "The form has expired; check it and send it again."),
    "forged": ("表单无效，请核对后再次提交。", "The form is not valid; check it and send it again."),
}
"""Faults of the token of a form, in Chinese and English."""

MIN_SECONDS, MAX_SECONDS = 3, 12 * 3600
"""Age of a form that is accepted: nobody fills it in faster, and a page that is older may be another's."""
DAILY = 10
"""Requests of one address a day."""
_MOST_SENDERS = 100_000


class FormTokens:
    """Tokens that say when a form was printed, under a key that the site's processes share."""

    def __init__(self, key: bytes, clock: Callable[[], datetime] = utc_now) -> None:
        self._key, self._clock = key, clock

    def issue(self, path: str) -> str:
        """Create the token of the form at ``path``."""
        seconds = int(self._clock().timestamp())
        return f"{seconds:x}.{self._code(seconds, path)}"

    def fault(self, token: str, path: str) -> Fault | None:
        """Return what is wrong with a token; None if its form may be sent."""
        text, _, code = token.partition(".")
        if len(text) > 12 or not text.isalnum() or not text.isascii():
            return "forged"
        try:
            seconds = int(text, 16)
        except ValueError:
            return "forged"
        if not hmac.compare_digest(code.encode(), self._code(seconds, path).encode()):
            return "forged"
        age = self._clock().timestamp() - seconds
        if age < MIN_SECONDS:
            return "too-young"
        return "too-old" if age > MAX_SECONDS else None

    def _code(self, seconds: int, path: str) -> str:
        return hashlib.blake2b(f"form\0{seconds}\0{path}".encode(), key=self._key, digest_size=12).hexdigest()


class DailyLimits:
    """Counts requests by a MAC of the sender's address, with a random key of the day that is never stored."""

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._day: date | None = None
        self._key = b""
        self._counts: dict[bytes, int] = {}

    def admit(self, client: str | None) -> bool:
        """Count a request; False if the address has sent enough today, or too many addresses have sent.

        ``client``: None is this machine, which is not counted.
        """
        if client is None:
            return True
        today = day_at(self._clock())
        if today != self._day:
            self._day, self._key, self._counts = today, secrets.token_bytes(32), {}
        sender = hashlib.blake2b(client.encode(), key=self._key, digest_size=16).digest()
        count = self._counts.get(sender, 0)
        if count >= DAILY or (count == 0 and len(self._counts) >= _MOST_SENDERS):
            return False
        self._counts[sender] = count + 1
        return True
