"""Fairness between clients: each has a budget of seconds of heavy work, which refills while time passes.

Work is charged and not requests, so a client that sends one request after the other, like a mirror, never
spends faster than its budget refills, however many requests it needs.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import IPv6Address, ip_address, ip_network

import msgspec
from litestar.types import HTTPScope

from publisher.web.problems import ProblemError

BUDGET = 60.0
"""Seconds of work that a client may have used; each second that passes gives one back."""
MOST_AT_ONCE = 16
"""Heavy requests of one client that run or wait."""
MOST_DOWNLOADS = 64
"""Files that are sent to one client at once: who reads slowly keeps one of 1,000 connections."""
_MOST_CLIENTS = 20_000
_UNKNOWN = "unknown"

charge: ContextVar[Callable[[float], None] | None] = ContextVar("charge", default=None)
"""Takes the seconds of work that the current request has used."""


class _Account(msgspec.Struct):
    spent: float
    """Seconds of work that are not refilled yet, as of ``updated``."""
    updated: float
    at_once: int = 0
    downloads: int = 0


class ClientBudgets:
    """Budgets by network address: an IPv4 address, or the /64 network of an IPv6 address."""

    def __init__(self, header: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        """``header``: set by a trusted proxy; its last element is the address of the client."""
        self._header = header.lower().encode()
        self._clock = clock
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    @contextmanager
    def admit(self, scope: HTTPScope) -> Iterator[None]:
        """Admit a heavy request, and charge its client for what runs inside.

        Raises ``too-many-requests`` if the budget is spent or too many requests of the client are open.
        """
        client = self.client_of(scope)
        if client is None:
            yield
            return
        account = self._account(client)
        if account.spent >= BUDGET or account.at_once >= MOST_AT_ONCE:
            raise ProblemError("too-many-requests", headers=self._headers(account))
        account.at_once += 1
        token = charge.set(lambda seconds: self._spend(account, seconds))
        try:
            yield
        finally:
            charge.reset(token)
            account.at_once -= 1

    def begin_download(self, scope: HTTPScope) -> Callable[[], None]:
        """Count a file that will be sent → what has to be called at its end.

        Raises ``too-many-requests`` if too many are being sent to the client.
        """
        client = self.client_of(scope)
        if client is None:
            return _end_nothing
        account = self._account(client)
        if account.downloads >= MOST_DOWNLOADS:
            raise ProblemError("too-many-requests", headers=self._headers(account))
        account.downloads += 1

        def end() -> None:
            account.downloads -= 1

        return end

    def client_of(self, scope: HTTPScope) -> str | None:
        """Return the network of the client; None for this machine, unless a proxy names another.

        All clients for which a proxy writes no address (``unknown``) are one.
        """
        try:
            parsed = ip_address(self.address_of(scope))
        except ValueError:
            return _UNKNOWN if self._forwarded(scope) else None
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        if parsed.is_loopback:
            return None
        return str(parsed if parsed.version == 4 else ip_network((parsed, 64), strict=False))

    def address_of(self, scope: HTTPScope) -> str:
        """Return the address of the client as the proxy names it, or of the peer; it may be no address."""
        peer = scope["client"]
        return _without_port(self._forwarded(scope) or (peer[0] if peer else ""))

    def _forwarded(self, scope: HTTPScope) -> str:
        if not self._header:
            return ""
        lines = [line for name, line in scope["headers"] if name == self._header]
        return lines[-1].decode("latin-1").rpartition(",")[2].strip() if lines else ""

    def _account(self, client: str) -> _Account:
        now = self._clock()
        account = self._accounts.pop(client, None) or _Account(0.0, now)
        account.spent = max(0.0, account.spent - (now - account.updated))
        account.updated = now
        self._accounts[client] = account
        while len(self._accounts) > _MOST_CLIENTS:
            self._accounts.popitem(last=False)
        return account

    @staticmethod
    def _spend(account: _Account, seconds: float) -> None:
        account.spent += seconds

    @staticmethod
    def _headers(account: _Account) -> Mapping[str, str]:
        """Headers of draft-ietf-httpapi-ratelimit-headers, in seconds of work."""
        wait = max(1, math.ceil(account.spent - BUDGET) + 1)
        return {
            "retry-after": str(wait),
            "ratelimit-policy": f'"work";q={BUDGET:.0f};w={BUDGET:.0f}',
            "ratelimit": f'"work";r={max(0, math.floor(BUDGET - account.spent))};t={wait}',
        }


def _end_nothing() -> None:
    """End the download of a client that is not counted."""


def _without_port(address: str) -> str:
    """Remove brackets and a port, which some proxies write too: ``[2001:db8::1]:443``, ``192.0.2.1:443``."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    host, _, port = address.partition(":")
    return host if port.isdecimal() and "." in host else address
