"""The configurations of Caddy and nginx in ``deploy/proxy``, in the real programs, before two ``serve``."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import trustme

from tests.deploy.conftest import NAME, running
from tests.support.command import Home
from tests.support.servers.http_service import free_ports
from tests.support.servers.programs import program

PROXY = Path(__file__).resolve().parents[2] / "deploy" / "proxy"
HOST = "localhost"
pytestmark = [pytest.mark.program, pytest.mark.slow]


@dataclass(frozen=True)
class Proxy:
    """A proxy before two processes of one site, and before its desk."""

    name: str
    site: Home
    https: int
    http: int
    desk: int
    """Port at which the proxy serves the desk."""
    trust: ssl.SSLContext
    serves: tuple[subprocess.Popen[str], ...]

    def client(self, **headers: str) -> httpx.Client:
        base = f"https://{HOST}:{self.https}"
        return httpx.Client(base_url=base, verify=self.trust, headers=headers, timeout=30)

    def desk_client(self, **headers: str) -> httpx.Client:
        base = f"https://{HOST}:{self.desk}"
        return httpx.Client(base_url=base, verify=self.trust, headers=headers, timeout=60)


def desk_ports(text: str, port: int, behind: int) -> str:
    """Put the ports of a test into the block of the desk."""
    text = text.replace("desk.example.gov.cn", HOST).replace("8443", str(port))
    return text.replace("127.0.0.1:8001", f"127.0.0.1:{behind}")


def caddyfile(text: str, *, https: int, http: int, serves: list[int], folder: Path) -> str:
    text = text.replace("/etc/qingdan/tls", str(folder)).replace(
        "data.example.gov.cn {", f"{HOST}:{https} {{"
    )
    text = text.replace("\n{\n", f"\n{{\n\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n", 1)
    return text.replace("127.0.0.1:8000", " ".join(f"127.0.0.1:{port}" for port in serves))


def nginx_conf(text: str, *, https: int, http: int, serves: list[int], folder: Path) -> str:
    text = text.replace("/etc/qingdan/tls", str(folder)).replace("data.example.gov.cn", HOST)
    text = text.replace("/var/cache/nginx/qingdan", str(folder / "cache"))
    text = re.sub(r"(listen (?:\[::\]:)?)443", rf"\g<1>{https}", text)
    text = re.sub(r"(listen (?:\[::\]:)?)80;", rf"\g<1>{http};", text)
    text = text.replace("https://$host$request_uri", f"https://$host:{https}$request_uri")
    servers = "\n".join(f"server 127.0.0.1:{port} max_fails=3 fail_timeout=10s;" for port in serves)
    text = text.replace("server 127.0.0.1:8000 max_fails=3 fail_timeout=10s;", servers)
    user = "user root; " if os.geteuid() == 0 else ""  # the folder of the test is for its owner
    own = f"{user}error_log {folder}/error.log; pid {folder}/nginx.pid; daemon off; events {{}}\n"
    return f"{own}http {{ {temporary(folder)} {text} }}"


def temporary(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)


CONFIGURATIONS: dict[str, tuple[str, Callable[..., str], tuple[str, ...]]] = {
    "caddy": ("Caddyfile", caddyfile, ("run", "--adapter", "caddyfile", "--config")),
    "nginx": ("nginx.conf", nginx_conf, ("-c",)),
}


@contextmanager
def proxied(name: str, site: Home, folder: Path) -> Iterator[Proxy]:
    own, make, arguments = CONFIGURATIONS[name]
    path = program(name)
    folder.chmod(0o755)
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "fullchain.pem").write_bytes(b"".join(pem.bytes() for pem in certificate.cert_chain_pems))
    https, http, desk, behind, *serves = free_ports(6)
    text = make(
        (PROXY / own).read_text(encoding="utf-8"), https=https, http=http, serves=serves, folder=folder
    )
    (folder / own).write_text(desk_ports(text, desk, behind), encoding="utf-8")
    environ = {"QINGDAN_CLIENT_HEADER": "X-Forwarded-For", "QINGDAN_LOG": "json", "QINGDAN_ACCESS_LOG": "1"}
    with ExitStack() as stack:
        processes = [
            stack.enter_context(running("--home", site.home, "serve", "--port", port, **environ))
            for port in serves
        ]
        environ["QINGDAN_DESK_BASE"] = f"https://{HOST}:{desk}"
        stack.enter_context(running("--home", site.home, "desk", "--port", behind, **environ))
        environment = {"HOME": str(folder), "PATH": "/usr/bin:/usr/sbin"}
        server = stack.enter_context(
            subprocess.Popen([path, *arguments, str(folder / own)], env=environment, stderr=subprocess.PIPE)
        )
        stack.callback(server.send_signal, signal.SIGTERM)
        wait_for(https, server)
        wait_for(desk, server)
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        yield Proxy(name, site, https, http, desk, trust, tuple(processes))


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, server.stderr and server.stderr.read()
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the proxy did not start")


def check_transport(proxy: Proxy) -> None:
    """Pages come over TLS only, and browsers are told so."""
    with proxy.client() as client:
        answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    redirect = httpx.get(f"http://{HOST}:{proxy.http}/search?q=1")
    assert redirect.status_code in (301, 308)
    # Caddy assumes that its port is reached as 443.
    assert re.fullmatch(rf"https://{HOST}(:{proxy.https})?/search\?q=1", redirect.headers["location"])


def check_addresses(proxy: Proxy) -> None:
    """It listens by IPv4 and by IPv6, and offers HTTP/2."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    for address in ("127.0.0.1", "::1"):
        with (
            socket.create_connection((address, proxy.https), timeout=10) as connection,
            context.wrap_socket(connection, server_hostname=HOST) as tls,
        ):
            assert tls.selected_alpn_protocol() == "h2"
            assert tls.version() in ("TLSv1.2", "TLSv1.3")


def check_compression(proxy: Proxy) -> None:
    """Answers are compressed, and validated by what they said of themselves."""
    path = f"/v1/datasets/{NAME}/records?limit=40"
    with proxy.client(**{"accept-encoding": "gzip"}) as client:
        packed = client.get(path)
        again = client.get(path, headers={"if-none-match": packed.headers["etag"]})
    with proxy.client(**{"accept-encoding": "identity"}) as client:
        plain = client.get(path)
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert again.status_code == 304


def check_ranges(proxy: Proxy) -> None:
    path = f"/v1/datasets/{NAME}/releases/1/files/csv"
    with proxy.client(**{"accept-encoding": "identity"}) as client:
        whole = client.get(path)
        part = client.get(path, headers={"range": "bytes=10-29"})
    assert (part.status_code, part.content) == (206, whole.content[10:30])


def check_limits(proxy: Proxy) -> None:
    """What is too large never reaches the service."""
    with proxy.client() as client:
        assert client.post("/", content=b"x" * 100_000).status_code in (413, 405)
        assert client.get("/", headers={"x-long": "x" * 70_000}).status_code in (400, 431)


def check_form(proxy: Proxy) -> None:
    """The form of corrections reaches the service, and no larger body does."""
    with proxy.client() as client:
        (record,) = client.get(f"/v1/datasets/{NAME}/records?limit=1").json()["records"]
    path = f"/datasets/{NAME}/records/{record['id']}/correction"
    with proxy.client(accept="text/html") as client:
        (token,) = re.findall(r'name="token" value="([^"]+)"', client.get(path).text)
        answer = client.post(path, data={"token": token, "field": "*", "value": "应为", "proof": "依据"})
        assert (answer.status_code, "提交得太快" in answer.text) == (422, True)
        assert client.post(path, data={"value": "x" * 100_000}).status_code == 413
        chunks = (b"value=" + b"x" * 50_000 for _ in range(40))
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert client.post(path, content=chunks, headers=form).status_code == 413
        assert client.get(path).status_code == 200


def check_followers(proxy: Proxy) -> None:
    """Forms of followers reach the service, which has none here: it answers, and not the proxy."""
    with proxy.client(accept="application/json") as client:
        for path in ("/follow", "/follow/confirm", "/follow/leave?token=x"):
            answer = client.post(path, data={"token": "x"})
            assert (answer.status_code, "no-such-route" in answer.text) == (404, True), (path, answer.text)


def check_assistants(proxy: Proxy) -> None:
    """An assistant's questions reach the service; other bodies do not."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = "application/json, text/event-stream"
    with proxy.client(accept=accept) as client:
        answer = client.post("/mcp", json=call)
        assert (answer.status_code, "list_findings" in answer.text) == (200, True)
        assert client.post("/v1/datasets", json=call).status_code == 405


def check_desk(proxy: Proxy) -> None:
    """The desk has a name of its own; files of 3 MB reach it, and those of 80 MB do not."""
    with proxy.desk_client() as client:
        page = client.get("/sign-in")
        assert page.status_code == 200
        assert page.headers.get_list("strict-transport-security") == ["max-age=31536000"]
        assert "content-encoding" not in page.headers
        cookies = page.headers.get_list("set-cookie")
        assert cookies
        assert all(cookie.startswith("__Host-") and "secure" in cookie.lower() for cookie in cookies)
        assert client.get("/datasets").headers["location"] == "/sign-in?next=/datasets"
        large = client.post(f"/drafts/{NAME}/imports", content=b"x" * 3_000_000)
        assert large.status_code in (303, 403)  # who is not signed in is refused by the desk
        assert client.post(f"/drafts/{NAME}/imports", content=bytes(80 << 20)).status_code == 413
    with proxy.client() as client:
        assert client.get("/sign-in").status_code == 404


def check_addresses_of_the_desk(proxy: Proxy) -> None:
    """A client does not choose the address that the audit log knows."""
    for address in ("203.0.113.9", "203.0.113.10"):
        with proxy.desk_client(**{"x-forwarded-for": address}) as client:
            (token,) = re.findall(r'name="_csrf_token" value="([^"]+)"', client.get("/sign-in").text)[:1]
            form = {"_csrf_token": token, "name": "an", "password": "wrong", "code": "123456"}
            assert client.post("/sign-in", data=form).status_code == 403
    lines = [json.loads(line) for line in proxy.site.ok("desk", "audit").out.splitlines()]
    addresses = [line["address"] for line in lines if line["kind"] == "sign-in-failed"][-2:]
    assert len(addresses) == 2
    assert len(set(addresses)) == 1
    assert addresses[0]


def check_loss_of_a_process(proxy: Proxy) -> None:
    """No request is lost with a process, and a client cannot choose its address. It ends both processes."""
    with proxy.client(**{"x-forwarded-for": "203.0.113.9"}) as client:
        for _ in range(10):
            assert client.get(f"/v1/datasets/{NAME}").status_code == 200
        first, second = proxy.serves
        first.kill()
        first.wait()
        for _ in range(20):
            assert client.get(f"/v1/datasets/{NAME}").status_code == 200
        style = re.search(r'href="(/assets/site[^"]+css)"', client.get("/").text)
        assert style is not None
        assert client.get(style[1]).status_code == 200
        second.send_signal(signal.SIGTERM)
        log = second.stderr.read() if second.stderr else ""
        second.wait()
        kept = client.get(style[1]).status_code
    clients = {json.loads(line).get("client") for line in log.splitlines() if line.startswith("{")}
    assert clients - {None} <= {"127.0.0.0", "::"}
    assert clients - {None}
    # nginx serves what it has; Caddy of Debian has no cache.
    assert kept == (200 if proxy.name == "nginx" else 502)


CHECKS = (
    check_transport,
    check_addresses,
    check_compression,
    check_ranges,
    check_limits,
    check_form,
    check_assistants,
    check_followers,
    check_desk,
    check_addresses_of_the_desk,
    check_loss_of_a_process,
)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_proxy_serves_the_site(name: str, site: Home, tmp_path: Path) -> None:
    with proxied(name, site, tmp_path) as proxy:
        for check in CHECKS:
            check(proxy)
