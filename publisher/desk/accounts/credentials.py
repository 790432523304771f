"""Secrets of accounts: argon2id passwords, TOTP codes (RFC 6238) and one-time links."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from threading import Semaphore

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken

from publisher.log.model import LogError

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
"""Characters of a password. A limit above keeps the work of a sign-in bounded."""
_AT_ONCE = Semaphore(2)
"""Passwords that are hashed at once, 64 MiB each."""
_WINDOW = 1
"""Steps of 30 seconds by which the clock of a telephone may differ."""
_hasher = PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_urlsafe())
"""Verified for an unknown name, so that it takes as long as for a known one."""


def check_password(password: str, name: str) -> None:
    """Raise ``LogError('weak-password')`` if a new password is short, long, monotonous or has the name."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or name.casefold() in password.casefold():
        raise LogError(
            "weak-password",
            f"密码须有{SHORTEST_PASSWORD}至{LONGEST_PASSWORD}个字符，且不含账号名称。",
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, and does not contain the "
            "name of the account.",
        )
    if len(set(password)) < 5:
        raise LogError(
            "weak-password",
            "密码由太少几个字符重复而成，请换一个。",
            "The password repeats a few characters; choose another.",
        )


def check_repeated(password: str, again: str) -> None:
    """Raise ``LogError('weak-password')`` if a new password was typed in two ways."""
    if password != again:
        raise LogError("weak-password", "两次输入的密码不一样。", "The two passwords differ.")


def hash_password(password: str) -> str:
    """Hash with argon2id and the parameters of RFC 9106 for little memory."""
    with _AT_ONCE:
        return _hasher.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Verify a password. ``stored``: None, if there is no account, takes as long and is never right."""
    with _AT_ONCE:
        try:
            return _hasher.verify(stored or _NOBODY, password[:LONGEST_PASSWORD]) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def new_totp_secret() -> str:
    """Create a secret in base32, as authenticators read it."""
    return pyotp.random_base32()


def totp_address(secret: str, name: str, issuer: str) -> str:
    """Build the ``otpauth:`` address that a QR code shows."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def totp_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the step of time of a code; None if it is wrong."""
    totp = pyotp.TOTP(secret)
    digits = "".join(code.split())
    current = int(now.timestamp()) // totp.interval
    steps = range(current - _WINDOW, current + _WINDOW + 1)
    return next(
        (step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode())),
        None,
    )


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class DeskKey:
    """Uses of the secret of the desk, which is a file and not in the store."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._fernet = Fernet(base64.urlsafe_b64encode(self._derive("totp")))

    @property
    def csrf_secret(self) -> str:
        return self._derive("csrf").hex()

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def unseal(self, sealed: bytes) -> str | None:
        """Return what was sealed; None if that was with another key, which is lost."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            return None

    def mac(self, use: str, text: str) -> str:
        """Compute the MAC that stands for a text which is not stored: equal texts have equal ones."""
        return hmac.new(self._derive(use), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def _derive(self, use: str) -> bytes:
        return hmac.new(self._key, use.encode(), hashlib.sha256).digest()
