"""Guard for requests to addresses from outside: pages to collect and callbacks.

Threat model. The author of a page, a redirect, a DNS answer or a callback may try to make this service
request something that only *it* can reach: a metadata service, a database port, a router, itself. Therefore:

* **The address of the socket itself is checked.** A name is looked up once, at connect time. The socket is
  opened to the literal address that was checked, and its peer is checked again. Without a second lookup,
  DNS rebinding is not possible.
* **Every redirect is checked**, since each hop is a separate request to the transport.
* Only ``http`` and ``https`` without a user name are allowed, and only the listed hosts if there is a list:
  hijacked mirrors change the names of offices.
* Private, link-local, site-local, shared, multicast, reserved and unspecified addresses are refused, also
  where they are embedded in IPv6 (mapped, 6to4, Teredo, NAT64). Loopback is allowed only by a setting.
* **The whole exchange has one time limit**, which also ends a response that arrives byte by byte.
* Proxies and credentials of the environment (``HTTP_PROXY``, ``.netrc``) are not used, because a proxy hides
  the address. Certificates are always checked against the machine's own list of roots.

Out of scope: the content of a permitted host's response (its reader checks it), and a resolver that never
answers (limited by the operating system).
"""

from __future__ import annotations

import ipaddress
import math
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

type RefusalReason = Literal["scheme", "host", "address"]
type Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PORT, _NO_HOST = re.compile(r":\d+$"), re.compile(r"[/@?#\s]")
_LONGEST_HOST = 253  # characters of a name (RFC 1035, 2.3.4); the cache holds no longer ones
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Special addresses (RFC 6890 and later registries) that the standard library treats as global.
_SPECIAL = tuple(map(ipaddress.ip_network, ("fec0::/10", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24")))


class RefusedError(Exception):
    """A refused request. ``why``: because of its scheme or user name, its host name or its address."""

    def __init__(self, why: RefusalReason, subject: str, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.why, self.subject, self.zh, self.en = why, subject, zh, en


def is_permitted(address: str, *, loopback: bool) -> bool:
    """Test whether a socket may be opened to a literal address; False for other text."""
    try:
        ip_address = _embedded_ipv4(ipaddress.ip_address(address.split("%", maxsplit=1)[0]))
    except ValueError:
        return False
    if ip_address.is_loopback:
        return loopback
    if ip_address.is_multicast or ip_address.is_reserved or ip_address.is_unspecified:
        return False
    return ip_address.is_global and not any(ip_address in network for network in _SPECIAL)


def _embedded_ipv4(address: Address) -> Address:
    """Return the IPv4 address that is embedded in an IPv6 address, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address


@lru_cache(4096)
def ascii_host(host: str) -> str:
    """Convert a host, with optional port, to the form for lookups: 鞍山.政务 is xn--…, in lower case.

    Raises ``ValueError`` for text that is not a host, such as a URL or a path.
    """
    name, _, port = host.rpartition(":") if _PORT.search(host) else (host, "", "")
    if len(name) > _LONGEST_HOST or _NO_HOST.search(name):
        raise ValueError(host)
    try:
        ascii_name = httpx.URL(f"http://{name}").raw_host.decode("ascii")
    except httpx.InvalidURL as error:
        raise ValueError(host) from error
    if not ascii_name:
        raise ValueError(host)
    return f"{ascii_name}:{port}" if port else ascii_name


def is_listed(url: httpx.URL, hosts: Collection[str]) -> bool:
    """Test whether a list names the host of an address: ``name`` (ports 80 and 443) or ``name:port``.

    ``hosts``: as :func:`ascii_host` returns them.
    """
    name, port = url.raw_host.decode("ascii"), url.port or _DEFAULT_PORTS.get(url.scheme)
    return f"{name}:{port}" in hosts or (name in hosts and port in _DEFAULT_PORTS.values())


def create_client(
    *,
    hosts: Collection[str] | None,
    loopback: bool,
    seconds: float = 30.0,
    redirects: int = 5,
    user_agent: str,
    trust: ssl.SSLContext | None = None,
    until: float = math.inf,
) -> httpx.Client:
    """Create a client that checks every request and redirect; use it in one thread at a time.

    ``hosts``: ``name`` (ports 80 and 443) or ``name:port``; None allows every public host. ``seconds``:
    limit of a whole exchange with its body; ``until``: end of all of them, on the monotonic clock. Requests
    raise :class:`RefusedError`, ``httpx.TooManyRedirects``, ``httpx.TimeoutException`` and the other
    ``httpx.TransportError``.
    """
    return httpx.Client(
        transport=_Transport(
            hosts, seconds, _Backend(loopback=loopback), trust or ssl.create_default_context(), until
        ),
        timeout=seconds,
        follow_redirects=redirects > 0,
        max_redirects=redirects,
        headers={"User-Agent": user_agent},
        trust_env=False,
    )


class _Transport(httpx.HTTPTransport):
    def __init__(
        self,
        hosts: Collection[str] | None,
        seconds: float,
        backend: _Backend,
        trust: ssl.SSLContext,
        until: float,
    ) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._hosts = None if hosts is None else frozenset(map(ascii_host, hosts))
        self._seconds, self._until, self._backend = seconds, until, backend
        # httpx has no parameter for the backend; tests with real sockets detect if this stops working.
        self._pool = httpcore.ConnectionPool(ssl_context=trust, network_backend=backend, keepalive_expiry=5.0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _check_url(request.url, self._hosts)
        self._backend.deadline = min(time.monotonic() + self._seconds, self._until)
        return super().handle_request(request)


def _check_url(url: httpx.URL, hosts: frozenset[str] | None) -> None:
    if url.scheme not in _DEFAULT_PORTS or url.userinfo or not url.host:
        raise RefusedError(
            "scheme",
            str(url.copy_with(username=None, password=None)) if url.host else str(url),
            f"只访问不带用户名的 http 或 https 地址，而不是“{url.scheme}”。",
            f"Only http and https addresses without a user name are requested, not {url.scheme!r}.",
        )
    if hosts is not None and not is_listed(url, hosts):
        raise RefusedError(
            "host",
            url.netloc.decode("ascii"),
            f"主机“{url.netloc.decode('ascii')}”不在允许的名单中。",
            f"The host {url.netloc.decode('ascii')!r} is not on the list of allowed hosts.",
        )


class _Backend(httpcore.NetworkBackend):
    """Opens sockets to checked addresses. ``deadline``: end of the exchange, on the monotonic clock."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._sync = httpcore.SyncBackend()
        self._local = threading.local()

    @property
    def deadline(self) -> float:
        return float(self._local.deadline)

    @deadline.setter
    def deadline(self, moment: float) -> None:
        self._local.deadline = moment

    def remaining_seconds(self, timeout: float | None) -> float:
        """Return the seconds left for the next step. Raises ``httpcore.ReadTimeout`` after the deadline."""
        rest = self.deadline - time.monotonic()
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
        for address in self._resolve(host, port):
            try:
                stream = self._sync.connect_tcp(
                    address, port, self.remaining_seconds(timeout), local_address, options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            peer = stream.get_extra_info("server_addr")
            if not is_permitted(peer[0], loopback=self._loopback):
                stream.close()
                raise _refused_error(host, peer[0])
            return _Stream(stream, self)
        raise failure

    def _resolve(self, host: str, port: int) -> list[str]:
        """Return all addresses of a name. One forbidden address refuses the name, as a likely attack."""
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # the second for a label that is blank or too long
            raise httpcore.ConnectError(f"{host}: {error}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        for address in addresses:
            if not is_permitted(address, loopback=self._loopback):
                raise _refused_error(host, address)
        return addresses


def _refused_error(host: str, address: str) -> RefusedError:
    route = address if host == address else f"{host} → {address}"
    return RefusedError(
        "address",
        route,
        f"地址“{route}”不是公网地址，不予访问。",
        f"The address {route} is not public and was not requested.",
    )


class _Stream(httpcore.NetworkStream):
    """A stream that limits every step to the remaining time of the exchange."""

    def __init__(self, inner: httpcore.NetworkStream, backend: _Backend) -> None:
        self._inner, self._backend = inner, backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._backend.remaining_seconds(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._backend.remaining_seconds(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(
            ssl_context, server_hostname, self._backend.remaining_seconds(timeout)
        )
        return _Stream(secured, self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
