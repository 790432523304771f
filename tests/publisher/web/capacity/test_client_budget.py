"""Budgets of clients: addresses, spending, refilling."""

from __future__ import annotations

from typing import Any, cast

import pytest
from litestar.types import HTTPScope

from publisher.web.capacity import client_budget
from publisher.web.capacity.client_budget import BUDGET, MOST_AT_ONCE, MOST_DOWNLOADS, ClientBudgets, charge
from publisher.web.problems import ProblemError


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def scope_of(address: str, *headers: tuple[bytes, bytes]) -> HTTPScope:
    return cast("HTTPScope", {"type": "http", "client": (address, 1), "headers": headers})


def work(budgets: ClientBudgets, scope: HTTPScope, seconds: float) -> None:
    with budgets.admit(scope):
        pay = charge.get()
        if pay is not None:
            pay(seconds)


def test_a_client_that_takes_more_than_time_passes_is_refused_until_it_is_refilled() -> None:
    clock = Clock()
    budgets, client = ClientBudgets(clock=clock), scope_of("192.0.2.7")
    for _ in range(5):
        work(budgets, client, BUDGET / 5)
    with pytest.raises(ProblemError) as caught:
        work(budgets, client, 1)
    assert caught.value.kind.status == 429
    assert caught.value.headers["ratelimit"].startswith('"work";r=0;t=')
    work(budgets, scope_of("192.0.2.8"), 1)  # others are not concerned
    clock.now += float(caught.value.headers["retry-after"])
    work(budgets, client, 1)


@pytest.mark.slow
def test_one_request_after_the_other_never_ends_a_budget() -> None:
    clock = Clock()
    budgets, client = ClientBudgets(clock=clock), scope_of("2001:db8::1")
    for _ in range(10_000):
        work(budgets, client, 0.5)
        clock.now += 0.5


def test_a_client_has_a_limited_number_of_requests_at_once() -> None:
    budgets, client = ClientBudgets(clock=Clock()), scope_of("192.0.2.7")
    open_requests = [budgets.admit(client) for _ in range(MOST_AT_ONCE)]
    for request in open_requests:
        request.__enter__()
    with pytest.raises(ProblemError):
        work(budgets, client, 0)
    for request in reversed(open_requests):
        request.__exit__(None, None, None)
    work(budgets, client, 0)


@pytest.mark.parametrize(
    ("peer", "header", "line", "client"),
    [
        ("192.0.2.7", "", None, "192.0.2.7"),
        ("::ffff:192.0.2.7", "", None, "192.0.2.7"),
        ("2001:db8:1:2:3::9", "", None, "2001:db8:1:2::/64"),
        ("127.0.0.1", "", None, None),
        ("::ffff:127.0.0.1", "", None, None),
        ("192.0.2.7", "", "198.51.100.1", "192.0.2.7"),
        ("127.0.0.1", "X-Forwarded-For", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "X-Real-IP", None, None),
        ("127.0.0.1", "X-Forwarded-For", "unknown", "unknown"),
        ("127.0.0.1", "X-Forwarded-For", "_hidden", "unknown"),
        ("", "X-Forwarded-For", None, None),
        ("127.0.0.1", "X-Forwarded-For", "[2001:db8::1]", "2001:db8::/64"),
        ("127.0.0.1", "X-Forwarded-For", "203.0.113.9:50123", "203.0.113.9"),
        ("127.0.0.1", "X-Forwarded-For", "[2001:db8::1]:50123", "2001:db8::/64"),
        ("127.0.0.1", "X-Forwarded-For", "2001:db8::1", "2001:db8::/64"),
    ],
)
def test_a_client_is_its_network_as_a_trusted_proxy_tells(
    peer: str, header: str, line: str | None, client: str | None
) -> None:
    headers: Any = [(b"x-forwarded-for", line.encode())] if line else []
    assert ClientBudgets(header).client_of(scope_of(peer, *headers)) == client


def test_the_number_of_accounts_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_budget, "_MOST_CLIENTS", 10)
    budgets = ClientBudgets(clock=Clock())
    for number in range(50):
        work(budgets, scope_of(f"192.0.2.{number}"), 1)
    assert len(budgets._accounts) == 10


def test_a_client_has_a_limited_number_of_downloads_at_once() -> None:
    """Slow readers of one address would keep all connections of the service."""
    budgets, client = ClientBudgets(clock=Clock()), scope_of("192.0.2.7")
    ends = [budgets.begin_download(client) for _ in range(MOST_DOWNLOADS)]
    with pytest.raises(ProblemError) as caught:
        budgets.begin_download(client)
    assert caught.value.kind.status == 429
    budgets.begin_download(scope_of("192.0.2.8"))
    ends[0]()
    budgets.begin_download(client)
    for _ in range(2 * MOST_DOWNLOADS):  # this machine
        budgets.begin_download(scope_of("127.0.0.1"))
