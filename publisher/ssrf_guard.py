"""Requests that leave this machine, to addresses that outsiders name: pages to collect, callbacks to call.

Threat model. Who writes a page, a redirect, a name server's answer or a subscriber's callback may want this
service to ask something only *it* can reach: a metadata service, a database's port, a router, itself. So:

* **The address is checked that the socket gets.** A name is looked up once, at connect time; the socket is
  opened to the literal address that was checked, and its peer is compared afterwards. A name that answers
  differently the second time (DNS rebinding) has no second time.
* **Every redirect passes the same door**, since each hop is a request of its own to the transport.
* Only ``http`` and ``https``, no user name in the address, and where a list of hosts is given only these: a
  hijacked mirror changes the names of offices, so what is not listed is not read.
* Private, link-local, site-local, shared, multicast, reserved and unspecified addresses are refused, also
  where they are wrapped in IPv6 (mapped, 6to4, Teredo, NAT64). Loopback is let through only where a
  setting says so.
* **The whole exchange has one limit of time**, so that an answer dripping a byte at a time ends.
* Proxies and credentials of the environment (``HTTP_PROXY``, ``.netrc``) are not used: through a proxy
  nobody here sees the address. Certificates are always checked, against the machine's own list of roots.

Not defended: what a permitted public host answers (its reader's business), and a resolver that never answers
(the machine's own limits hold there).
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any, Literal

import httpcore
import httpx

type Why = Literal["scheme", "host", "address"]
type Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PORT, _NO_HOST = re.compile(r":\d+$"), re.compile(r"[/@?#\s]")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Of the registries of special addresses (RFC 6890 and later), what the standard library still calls global.
_SPECIAL = tuple(map(ipaddress.ip_network, ("fec0::/10", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24")))


class RefusedError(Exception):
    """A request that must not leave. ``why``: the scheme or user name, the host's name, its address."""

    def __init__(self, why: Why, subject: str, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.why, self.subject, self.zh, self.en = why, subject, zh, en


def permitted(address: str, *, loopback: bool) -> bool:
    """Whether a socket may be opened to a literal address; what is none may not."""
    try:
        found = _unwrapped(ipaddress.ip_address(address.split("%", maxsplit=1)[0]))
    except ValueError:
        return False
    if found.is_loopback:
        return loopback
    if found.is_multicast or found.is_reserved or found.is_unspecified:
        return False
    return found.is_global and not any(found in network for network in _SPECIAL)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address


@lru_cache(4096)
def ascii_host(host: str) -> str:
    """A host, with its port where it has one, as it is looked up: 鞍山.政务 is xn--…, letters are small.

    Raises ``ValueError`` for what is no host, such as an address or a path.
    """
    name, _, port = host.rpartition(":") if _PORT.search(host) else (host, "", "")
    if _NO_HOST.search(name):
        raise ValueError(host)
    try:
        found = httpx.URL(f"http://{name}").raw_host.decode("ascii")
    except httpx.InvalidURL as error:
        raise ValueError(host) from error
    if not found:
        raise ValueError(host)
    return f"{found}:{port}" if port else found


def client(
    *,
    hosts: Collection[str] | None,
    loopback: bool,
    seconds: float = 30.0,
    redirects: int = 5,
    user_agent: str,
    trust: ssl.SSLContext | None = None,
) -> httpx.Client:
    """A client whose every request, redirects included, passes the guard; use it in one thread at a time.

    ``hosts``: ``name`` (ports 80 and 443) or ``name:port``; None lets any public host through. ``seconds``:
    of one whole exchange, body included. Requests raise :class:`RefusedError`, ``httpx.TooManyRedirects``,
    ``httpx.TimeoutException`` and the other ``httpx.TransportError``.
    """
    return httpx.Client(
        transport=_Transport(
            hosts, seconds, _Backend(loopback=loopback), trust or ssl.create_default_context()
        ),
        timeout=seconds,
        follow_redirects=redirects > 0,
        max_redirects=redirects,
        headers={"User-Agent": user_agent},
        trust_env=False,
    )


class _Transport(httpx.HTTPTransport):
    def __init__(
        self, hosts: Collection[str] | None, seconds: float, backend: _Backend, trust: ssl.SSLContext
    ) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._hosts = None if hosts is None else frozenset(map(ascii_host, hosts))
        self._seconds, self._backend = seconds, backend
        # httpx has no argument for the backend; tests with real sockets fail if this ever stops working.
        self._pool = httpcore.ConnectionPool(ssl_context=trust, network_backend=backend, keepalive_expiry=5.0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _check(request.url, self._hosts)
        self._backend.until = time.monotonic() + self._seconds
        return super().handle_request(request)


def _check(url: httpx.URL, hosts: frozenset[str] | None) -> None:
    if url.scheme not in _DEFAULT_PORTS or url.userinfo or not url.host:
        raise RefusedError(
            "scheme",
            str(url.copy_with(username=None, password=None)) if url.host else str(url),
            f"只访问不带用户名的 http 或 https 地址，而不是“{url.scheme}”。",
            f"Only http and https addresses without a user name are asked, not {url.scheme!r}.",
        )
    default = url.port in {None, *_DEFAULT_PORTS.values()}
    name = url.raw_host.decode("ascii")
    named = {f"{name}:{url.port or _DEFAULT_PORTS[url.scheme]}", *([name] if default else ())}
    if hosts is not None and hosts.isdisjoint(named):
        raise RefusedError(
            "host",
            url.netloc.decode("ascii"),
            f"主机“{url.netloc.decode('ascii')}”不在允许的名单中。",
            f"The host {url.netloc.decode('ascii')!r} is not on the list of allowed hosts.",
        )


class _Backend(httpcore.NetworkBackend):
    """Opens sockets to addresses that were checked. ``until``: when the exchange must be over, monotonic."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._sync = httpcore.SyncBackend()
        self._clock = threading.local()

    @property
    def until(self) -> float:
        return float(self._clock.until)

    @until.setter
    def until(self, moment: float) -> None:
        self._clock.until = moment

    def left(self, timeout: float | None) -> float:
        """Seconds for the next step. Raises ``httpcore.ReadTimeout`` where there are none."""
        rest = self.until - time.monotonic()
        if rest <= 0:
            raise httpcore.ReadTimeout("the exchange took too long")
        return rest if timeout is None else min(rest, timeout)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        options = tuple(socket_options or ())
        failure: Exception = httpcore.ConnectError(f"{host}: no address")
        for address in self._addresses(host, port):
            try:
                stream = self._sync.connect_tcp(address, port, self.left(timeout), local_address, options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            peer = stream.get_extra_info("server_addr")
            if not permitted(peer[0], loopback=self._loopback):
                stream.close()
                raise _refused(host, peer[0])
            return _Stream(stream, self)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        """All that a name has. One that must not be asked refuses the name: who mixes them means harm."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error}") from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        for address in addresses:
            if not permitted(address, loopback=self._loopback):
                raise _refused(host, address)
        return addresses


def _refused(host: str, address: str) -> RefusedError:
    shown = address if host == address else f"{host} → {address}"
    return RefusedError(
        "address",
        shown,
        f"地址“{shown}”不是公网地址，不予访问。",
        f"The address {shown} is not a public one and is not asked.",
    )


class _Stream(httpcore.NetworkStream):
    """A stream of which every step is bound by what is left of the exchange's time."""

    def __init__(self, inner: httpcore.NetworkStream, backend: _Backend) -> None:
        self._inner, self._backend = inner, backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._backend.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._backend.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._backend.left(timeout))
        return _Stream(secured, self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
