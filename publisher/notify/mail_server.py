"""The mail server to which the worker hands its mails over (SMTP submission)."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import msgspec

_SECONDS = 60.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NO_SUCH_ADDRESS = re.compile(r"\b5\.(1\.[0-9]+|2\.1)\b")
"""Enhanced status codes (RFC 3463) of an address that does not exist, or is disabled."""


class ServerAwayError(Exception):
    """The server cannot be reached, or does not accept this site: nothing is wrong with the recipient."""


class MailRefusedError(Exception):
    """The server refused one mail. ``is_dead``: because its address does not exist."""

    def __init__(self, why: str, *, is_dead: bool = False) -> None:
        super().__init__(why)
        self.is_dead = is_dead


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    implicit_tls: bool
    user: str = ""
    password: str = field(default="", repr=False)
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    @classmethod
    def parse(cls, address: str) -> MailServer:
        """Parse ``smtps://user:password@host:port`` or ``smtp://…``, as the settings checked it."""
        parts = urlsplit(address)
        implicit = parts.scheme == "smtps"
        return cls(
            parts.hostname or "",
            parts.port or (465 if implicit else 587),
            implicit,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    @contextmanager
    def connect(self) -> Iterator[MailConnection]:
        """Connect and log in. Raises :class:`ServerAwayError`."""
        client: smtplib.SMTP | None = None
        try:
            client = self._open()
            if self.user:
                client.login(self.user, self.password)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:  # of the host, or of the password
            if client is not None:
                client.close()
            raise ServerAwayError(f"{type(error).__name__}: {error}") from error
        try:
            yield MailConnection(client)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                client.quit()
            client.close()

    def _open(self) -> smtplib.SMTP:
        if self.implicit_tls:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_SECONDS, context=self.trust)
        client = smtplib.SMTP(self.host, self.port, timeout=_SECONDS)
        try:
            client.ehlo()
            if self.host not in _LOOPBACK or client.has_extn("starttls"):
                client.starttls(context=self.trust)  # refused: SMTPNotSupportedError
                client.ehlo()
        except BaseException:
            client.close()
            raise
        return client


class MailConnection(msgspec.Struct, frozen=True):
    client: smtplib.SMTP

    def send(self, message: EmailMessage) -> None:
        """Hand a mail over; on return the server has it. Raises ``MailRefusedError``, ``ServerAwayError``."""
        try:
            self.client.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            ((code, text),) = error.recipients.values()
            reply = f"{code} {text.decode(errors='replace')}"
            raise MailRefusedError(
                reply, is_dead=code >= 500 and bool(_NO_SUCH_ADDRESS.search(reply))
            ) from error
        except smtplib.SMTPDataError as error:
            raise MailRefusedError(f"{error.smtp_code} {error.smtp_error!r}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise ServerAwayError(f"{type(error).__name__}: {error}") from error
