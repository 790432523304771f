"""Sign-in at a city's provider of identities: OpenID Connect Core 1.0, by a code with PKCE (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from publisher.log.model import LogError
from publisher.settings import OidcProvider

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures of ID tokens that are accepted: by a private key of the provider, and never none."""
MINUTES = 10
"""Minutes in which a person signs in at the provider."""
_LEEWAY = 60
"""Seconds by which the clock of the provider may differ."""
_FRESH_SECONDS = 3600
"""Seconds after which the description of the provider is fetched again."""
_LARGEST_ANSWER = 1 << 20
_SECONDS = 10.0
logger = logging.getLogger(__name__)


class SignInAttempt(msgspec.Struct, frozen=True):
    """State that the browser keeps, sealed, while its person is at the provider."""

    state: str
    nonce: str
    verifier: str
    next: str
    began_at: float


class _Description(msgspec.Struct, frozen=True):
    """OpenID Connect Discovery 1.0, as far as it is read here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str = ""


class Identity(msgspec.Struct, frozen=True):
    """A person who signed in at the provider."""

    issuer: str
    subject: str
    """Never used again for another person, unlike the name."""
    name: str
    display: str
    groups: tuple[str, ...]


class Oidc:
    """A client of one provider. Thread-safe."""

    def __init__(self, provider: OidcProvider, base: str, clock: Callable[[], datetime]) -> None:
        """``base``: address of the desk."""
        self._provider, self._clock = provider, clock
        self._callback = f"{base}/oidc/callback"
        self._description: tuple[float, _Description] | None = None

    def begin(self, next_path: str) -> tuple[str, SignInAttempt]:
        """Begin a sign-in → the address of the provider's page, and what the browser keeps meanwhile.

        Raises ``LogError('oidc-unavailable')``.
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        attempt = SignInAttempt(state, nonce, verifier, next_path, self._clock().timestamp())
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        query = {
            "response_type": "code",
            "client_id": self._provider.client,
            "redirect_uri": self._callback,
            "scope": self._provider.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        endpoint = self._describe().authorization_endpoint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", attempt

    def finish(self, attempt: SignInAttempt | None, answer: Mapping[str, str]) -> Identity:
        """Verify what the provider sent back by the browser → who signed in.

        Raises ``LogError``: ``oidc-refused``, ``oidc-unavailable``.
        """
        age = 0.0 if attempt is None else self._clock().timestamp() - attempt.began_at
        is_own = attempt is not None and secrets.compare_digest(
            attempt.state.encode(), answer.get("state", "").encode("utf-8", "replace")
        )
        if attempt is None or not is_own or not 0 <= age <= MINUTES * 60:
            raise _refused("the state is not that of this browser, or too old")
        if "error" in answer or not answer.get("code"):
            raise _refused(f"the provider answered {answer.get('error', 'without a code')[:100]!r}")
        about = self._describe()
        if answer.get("iss", about.issuer) != about.issuer:  # RFC 9207
            raise _refused("the answer is of another issuer")
        tokens = self._fetch_tokens(about, answer["code"], attempt.verifier)
        claims = self._verify(about, tokens.id_token, attempt.nonce)
        if self._provider.groups not in claims and about.userinfo_endpoint and tokens.access_token:
            claims = {**self._fetch_userinfo(about, tokens.access_token, claims["sub"]), **claims}
        return self._identity(about.issuer, claims)

    def _verify(self, about: _Description, token: str, nonce: str) -> Mapping[str, Any]:
        """Verify an ID token (section 3.1.3.7 of OpenID Connect Core) → its claims."""
        try:
            keys = KeySet.import_key_set(self._get(about.jwks_uri, dict[str, Any]))  # type: ignore[arg-type]
            claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _refused(f"the ID token cannot be verified: {error}") from error
        now, client = self._clock().timestamp(), self._provider.client
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        expires, issued = claims.get("exp"), claims.get("iat")
        checks = {
            "iss": claims.get("iss") == about.issuer,
            "aud": client in audiences and claims.get("azp", client) == client,
            "azp": len(audiences) == 1 or claims.get("azp") == client,
            "exp": isinstance(expires, int | float) and now < expires + _LEEWAY,
            "iat": isinstance(issued, int | float) and abs(now - issued) < MINUTES * 60 + _LEEWAY,
            "nonce": claims.get("nonce") == nonce,
            "sub": isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255,
        }
        if wrong := [name for name, is_right in checks.items() if not is_right]:
            raise _refused(f"the ID token has another {', '.join(wrong)}")
        return claims

    def _identity(self, issuer: str, claims: Mapping[str, Any]) -> Identity:
        groups = claims.get(self._provider.groups)
        groups = groups if isinstance(groups, list) else [groups]
        name, display = (str(claims.get(key) or "").strip() for key in ("preferred_username", "name"))
        words = tuple(group for group in groups if isinstance(group, str))
        return Identity(issuer, claims["sub"], name[:100], display[:100], words)

    def _describe(self) -> _Description:
        now = self._clock().timestamp()
        if self._description is None or not 0 <= now - self._description[0] < _FRESH_SECONDS:
            issuer = self._provider.issuer
            about = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", _Description)
            places = (about.authorization_endpoint, about.token_endpoint, about.jwks_uri)
            scheme = issuer.partition("://")[0]
            optional = (about.userinfo_endpoint,) if about.userinfo_endpoint else ()
            if about.issuer != issuer or not all(p.startswith(f"{scheme}://") for p in (*places, *optional)):
                raise _unavailable(f"{issuer} describes itself as {about.issuer}, or has other addresses")
            self._description = now, about
        return self._description[1]

    def _fetch_tokens(self, about: _Description, code: str, verifier: str) -> _Tokens:
        client, secret = self._provider.client, self._provider.secret
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._callback}
        form |= {"code_verifier": verifier}
        auth: tuple[str, str] | None = None
        if secret and "client_secret_basic" in about.token_endpoint_auth_methods_supported:
            auth = (client, secret)
        else:
            form |= {"client_id": client} | ({"client_secret": secret} if secret else {})
        return self._request("POST", about.token_endpoint, _Tokens, data=form, auth=auth)

    def _fetch_userinfo(self, about: _Description, access_token: str, subject: str) -> Mapping[str, Any]:
        headers = {"authorization": f"Bearer {access_token}"}
        claims = self._request("GET", about.userinfo_endpoint, dict[str, Any], headers=headers)
        if claims.get("sub") != subject:
            raise _refused("the user info is of somebody else")
        return claims

    def _get[T](self, url: str, kind: type[T]) -> T:
        return self._request("GET", url, kind)

    def _request[T](self, method: str, url: str, kind: type[T], **more: Any) -> T:
        """Send a request to the provider. Proxies of the environment are not used, nor redirects followed."""
        try:
            with (
                httpx.Client(trust_env=False, timeout=_SECONDS) as client,
                client.stream(method, url, **more) as response,
            ):
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > _LARGEST_ANSWER:
                        raise _unavailable(f"{url}: the answer is too large")
            if response.status_code in (400, 401, 403) and method == "POST":
                raise _refused(f"{url}: {response.status_code} {bytes(body[:200])!r}")
            response.raise_for_status()
            return msgspec.json.decode(body, type=kind)
        except (
            *(httpx.HTTPError, httpx.InvalidURL),
            *(msgspec.MsgspecError, UnicodeDecodeError, RecursionError),
        ) as error:
            raise _unavailable(f"{url}: {error}") from error


def _refused(why: str) -> LogError:
    logger.warning("a sign-in at the provider was refused: %s", why)
    return LogError(
        "oidc-refused",
        "统一身份认证未通过，或已超时。请重新登录；仍不能登录的，请联系安全管理员。",
        "The sign-in at the provider failed or took too long. Sign in again, or ask the security officer.",
    )


def _unavailable(why: str) -> LogError:
    logger.error("the provider of identities does not answer as it should: %s", why)
    return LogError(
        "oidc-unavailable",
        "统一身份认证暂不可用，请稍后重试。",
        "The provider of identities is not available now. Try again later.",
    )
