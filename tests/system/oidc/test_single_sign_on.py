"""Sign-in at a provider of identities of strangers, and what a provider that lies is refused."""

from __future__ import annotations

import base64
import hmac
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from litestar import Litestar, Request, get, post

from publisher.desk.accounts.roles import parse_grant
from publisher.desk.app import create_desk_app
from publisher.log.model import LogError
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import Browser, DeskSite, desk_site, forms
from tests.support.required import skip_or_fail
from tests.support.servers.http_service import address, free_port, loopback_socket, serving

HERE = Path(__file__).parent
ROLES = "minzheng=填报:fees:民政局;shengai=审核;an=安全管理;du=督查"
SECRET = "a secret of the desk"
pytestmark = [pytest.mark.slow, pytest.mark.program]


@dataclass(frozen=True, slots=True)
class Place:
    """A desk over HTTP, and its provider."""

    site: DeskSite
    base: str
    issuer: str

    def kinds(self) -> list[str]:
        return [event.kind for event in self.site.staff.audit.events()]

    def last(self, kind: str) -> dict[str, Any]:
        return dict(next(one for one in self.site.staff.audit.events() if one.kind == kind).details)


@contextmanager
def desk_at(folder: Path, issuer: str, **environ: str) -> Iterator[Place]:
    """Serve a desk whose officials sign in at an issuer."""
    bound = loopback_socket()
    base, clock = address(bound), Clock(datetime.now(UTC))
    oidc = {"QINGDAN_OIDC_ISSUER": issuer, "QINGDAN_OIDC_CLIENT": "desk", "QINGDAN_OIDC_SECRET": SECRET}
    oidc |= {"QINGDAN_OIDC_SCOPE": "openid profile groups", "QINGDAN_OIDC_ROLES": ROLES, **environ}
    url = sqlite.new(folder / "qingdan.db")
    with (
        desk_site(folder, url, clock, **{"QINGDAN_DESK_BASE": base, **oidc}) as site,
        serving(create_desk_app(site.settings, site.log, site.staff, clock=clock), bound),
    ):
        yield Place(site, base, issuer)


@contextmanager
def provider(port: int, callback: str) -> Iterator[None]:
    """Run the provider of identities of ``package.json``."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules").is_dir():
        skip_or_fail("no Node, or no packages of npm: run npm ci in tests/system/oidc")
    command = [node, "provider.mjs", str(port), callback]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    port = free_port()
    with (
        desk_at(tmp_path, f"http://localhost:{port}") as place,
        provider(port, f"{place.base}/oidc/callback"),
    ):
        yield place


@contextmanager
def browser_of(place: Place) -> Iterator[Browser]:
    with httpx.Client(base_url=place.base, follow_redirects=True, timeout=60) as client:
        yield Browser(client)


def sign_in(browser: Browser, name: str, path: str = "/oidc") -> httpx.Response:
    """Sign in at the provider as a person does, and agree that the desk may know the name."""
    page = browser.client.get(path)
    for typed in ({"login": name, "password": "any"}, {}):
        (form,) = [one for action, one in forms(page.text).items() if "/interaction/" in action]
        page = browser.client.post(form.action, data={**form.fields, **typed})
    return page


def test_an_official_signs_in_with_the_roles_of_his_groups(place: Place) -> None:
    with browser_of(place) as browser:
        assert "统一身份认证登录" in browser.see("/sign-in?next=/password")
        page = sign_in(browser, "zhang", "/oidc?next=/password")
        assert (page.status_code, page.url.path) == (200, "/password")
        assert "张三" in browser.see("/")
        assert not [name for name in browser.client.cookies if "oidc" in name]
    account = place.site.staff.accounts.get("zhang")
    assert ([str(grant) for grant in account.grants], account.is_ready) == (["填报:fees:民政局"], True)
    assert place.kinds()[:3] == ["sign-in", "roles-changed", "account-added"]
    with browser_of(place) as again:
        sign_in(again, "zhang")
    assert place.kinds()[0:2] == ["sign-in", "sign-in"]  # the second time nothing is added
    assert len(place.site.staff.accounts.all()) == 1


def test_nobody_signs_in_without_a_role_with_two_of_the_three_officers_or_when_disabled(place: Place) -> None:
    with browser_of(place) as browser:
        refused = sign_in(browser, "nobody")
        assert refused.status_code == 403
        assert "没有工作台的角色" in refused.text
    with browser_of(place) as browser:
        refused = sign_in(browser, "an")
        assert refused.status_code == 409
        assert "不能同时担任" in refused.text
    assert place.site.staff.accounts.all() == []
    assert [place.last("sign-in-failed")["code"] for _ in range(1)] == ["roles-conflict"]
    with browser_of(place) as browser:
        sign_in(browser, "li")
        assert "审核" in browser.see("/")
        place.site.staff.accounts.disable("li")
        assert browser.client.get("/").url.path == "/sign-in"
    with browser_of(place) as browser:
        assert sign_in(browser, "li").status_code == 403


def test_an_account_of_the_desk_is_not_taken_over_and_one_of_the_provider_stays_there(place: Place) -> None:
    place.site.add("zhang", "安全管理")
    with browser_of(place) as browser:
        sign_in(browser, "zhang")
    (other,) = [one for one in place.site.staff.accounts.all() if one.name != "zhang"]
    assert other.name.startswith("sso-")
    assert [str(grant) for grant in other.grants] == ["填报:fees:民政局"]
    for act in (
        lambda: place.site.staff.accounts.invite(other.name),
        lambda: place.site.staff.accounts.change_roles(other.name, [parse_grant("发布")]),
    ):
        with pytest.raises(LogError) as refused:
            act()
        assert refused.value.code == "external-account"
    with pytest.raises(LogError):
        place.site.staff.sign_in.with_password(other.name, "", "")


def test_an_answer_of_another_browser_a_replayed_and_an_old_one_are_refused(place: Place) -> None:
    with browser_of(place) as mine, browser_of(place) as other:
        answers: list[str] = []
        mine.client.event_hooks["response"] = [lambda response: answers.append(str(response.url))]
        sign_in(mine, "zhang")
        (answer,) = [one for one in answers if "/oidc/callback" in one]
        assert other.client.get(answer).status_code == 403  # no attempt of its own
        other.client.get("/oidc")
        assert other.client.get(answer).status_code == 403  # another state
        assert mine.client.get(answer).status_code == 403  # used
    with browser_of(place) as slow:
        page = slow.client.get("/oidc")
        place.site.clock.advance(minutes=11)
        for typed in ({"login": "zhang", "password": "any"}, {}):
            (form,) = [one for action, one in forms(page.text).items() if "/interaction/" in action]
            page = slow.client.post(form.action, data={**form.fields, **typed})
        assert page.status_code == 403


def test_the_request_has_state_nonce_and_pkce(place: Place) -> None:
    with browser_of(place) as browser:
        answer = browser.client.get("/oidc", follow_redirects=False)
    query = {name: value for name, (value,) in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert len({query[name] for name in ("state", "nonce", "code_challenge")}) == 3
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith("oidc=")]
    assert {"HttpOnly", "SameSite=lax"} <= set(cookie.split("; "))
    assert query["nonce"] not in cookie


def test_a_site_without_a_provider_has_no_such_page(tmp_path: Path) -> None:
    with desk_at(tmp_path, "") as place, browser_of(place) as browser:
        assert "/oidc" not in browser.see("/sign-in")
        assert browser.client.get("/oidc").status_code == 404


def test_a_provider_that_is_away_is_told_and_accounts_of_the_desk_sign_in(tmp_path: Path) -> None:
    with desk_at(tmp_path, f"http://localhost:{free_port()}") as place, browser_of(place) as browser:
        refused = browser.client.get("/oidc")
        assert refused.status_code == 503
        assert "统一身份认证暂不可用" in refused.text
        assert "/sign-in" in browser.see("/sign-in")


KEY, OTHER_KEY = RSAKey.generate_key(2048, {"kid": "1"}), RSAKey.generate_key(2048, {"kid": "1"})
type Lie = Callable[[dict[str, Any]], str]


def signed(key: RSAKey, **change: Any) -> Lie:
    return lambda claims: jwt.encode({"alg": "RS256", "kid": "1"}, {**claims, **change}, key)


def encode(*parts: bytes) -> str:
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def unsigned(claims: dict[str, Any]) -> str:
    return encode(json.dumps({"alg": "none"}).encode(), json.dumps(claims).encode(), b"")


def signed_with_the_public_key(claims: dict[str, Any]) -> str:
    text = encode(json.dumps({"alg": "HS256", "kid": "1"}).encode(), json.dumps(claims).encode())
    return f"{text}.{encode(hmac.digest(KEY.as_pem(private=False), text.encode(), 'sha256'))}"


def lying_provider(issuer: str, lie: Lie) -> Litestar:
    """A provider that answers every code with a token of its own making."""
    nonces: list[str] = []

    @get("/.well-known/openid-configuration", sync_to_thread=False)
    def describe() -> dict[str, str]:
        names = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": issuer, **{name: f"{issuer}/{path}" for name, path in names.items()}}

    @get("/auth", sync_to_thread=False)
    def authorise(request: Request[Any, Any, Any]) -> dict[str, str]:
        nonces.append(request.query_params["nonce"])
        return {"state": request.query_params["state"]}

    @post("/token", sync_to_thread=False)
    def token() -> dict[str, str]:
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": issuer, "aud": "desk", "sub": "1", "exp": now + 60, "iat": now, "nonce": nonces[-1]}
        return {"id_token": lie({**claims, "preferred_username": "zhang", "groups": ["shengai"]})}

    @get("/keys", sync_to_thread=False)
    def keys() -> dict[str, Any]:
        return {"keys": [KEY.as_dict(private=False)]}

    return Litestar([describe, authorise, token, keys], openapi_config=None)


LIES: dict[str, Lie] = {
    "no signature": unsigned,
    "another key": signed(OTHER_KEY),
    "the public key as a secret": signed_with_the_public_key,
    "another issuer": signed(KEY, iss="https://evil.example"),
    "another client": signed(KEY, aud="other"),
    "also for others": signed(KEY, aud=["desk", "other"]),
    "given to another": signed(KEY, azp="other"),
    "expired": signed(KEY, exp=1_700_000_000),
    "no end": signed(KEY, exp=None),
    "old": signed(KEY, iat=1_700_000_000),
    "replayed": signed(KEY, nonce="of another attempt"),
    "no nonce": signed(KEY, nonce=None),
    "nobody": signed(KEY, sub=""),
    "no token": lambda _: "a.b.c",
}


@pytest.mark.parametrize("lie", ["none", *LIES])
def test_a_token_that_is_not_for_this_sign_in_opens_nothing(tmp_path: Path, lie: str) -> None:
    bound = loopback_socket()
    issuer = address(bound)
    with (
        desk_at(tmp_path, issuer) as place,
        serving(lying_provider(issuer, LIES.get(lie, signed(KEY))), bound),
        browser_of(place) as browser,
    ):
        state = browser.client.get("/oidc").json()["state"]
        answer = browser.client.get("/oidc/callback", params={"code": "1", "state": state})
        if lie == "none":  # the same without a lie
            assert answer.status_code == 200
            assert place.site.staff.accounts.get("zhang").roles == ("审核",)
        else:
            assert answer.status_code == 403
            assert place.site.staff.accounts.all() == []
            assert browser.client.get("/").url.path == "/sign-in"
