"""Submission to a mail server: never in the clear to another machine, and who is to blame for a failure."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from publisher.notify.mail_server import MailRefusedError, MailServer, ServerAwayError
from publisher.settings import read_settings
from tests.support.servers.mail import Postbox

ELSEWHERE = "127.0.0.2"
"""On this machine, and not one of the names by which it is recognised."""


def message(to: str = "li.si@example.com") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "news@example.gov.cn", to, "清单"
    made.set_content("变化")
    return made


@contextmanager
def listening(postbox: Postbox, **options: Any) -> Iterator[int]:
    with socket.create_server((ELSEWHERE, 0)) as free:
        port: int = free.getsockname()[1]
    controller = Controller(postbox, hostname=ELSEWHERE, port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(ELSEWHERE).configure_cert(context)
    return context


def client_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def check_login(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
    is_right = (data.login, data.password) == (b"news", b"p@ss:word")
    return AuthResult(success=is_right, handled=is_right)


def test_another_machine_without_tls_gets_nothing() -> None:
    postbox = Postbox()
    with listening(postbox) as port:
        with (
            pytest.raises(ServerAwayError, match="NotSupported"),
            MailServer.parse(f"smtp://{ELSEWHERE}:{port}").connect(),
        ):
            pass
        assert postbox.mails == []


def test_starttls_and_the_login_are_used(authority: trustme.CA) -> None:
    postbox = Postbox()
    options = {"tls_context": server_side(authority), "authenticator": check_login, "auth_required": True}
    with listening(postbox, **options) as port:
        parsed = MailServer.parse(f"smtp://news:p%40ss%3Aword@{ELSEWHERE}:{port}")
        assert (parsed.user, parsed.password) == ("news", "p@ss:word")
        assert "p@ss" not in repr(parsed)
        server = MailServer(ELSEWHERE, port, False, "news", "p@ss:word", client_side(authority))
        with server.connect() as connection:
            connection.send(message())
        assert [mail.text for mail in postbox.mails] == ["变化\n"]
        wrong = MailServer(ELSEWHERE, port, False, "news", "guess", client_side(authority))
        with pytest.raises(ServerAwayError, match="Authentication"), wrong.connect():
            pass
        strange = MailServer(ELSEWHERE, port, False, "news", "p@ss:word")  # an authority nobody knows
        with pytest.raises(ServerAwayError, match="CERTIFICATE"), strange.connect():
            pass


@pytest.mark.parametrize(
    ("reply", "is_dead"),
    [
        ("550 5.1.1 No such user", True),
        ("550 5.2.1 Mailbox disabled", True),
        ("550 relaying denied", False),
        ("554 5.7.1 Refused by policy", False),
        ("450 4.2.1 Try later", False),
    ],
)
def test_only_an_address_that_does_not_exist_is_dead(reply: str, is_dead: bool) -> None:
    postbox = Postbox(refuses={"li.si@example.com": reply})
    with socket.create_server(("127.0.0.1", 0)) as free:
        postbox.port = free.getsockname()[1]
    controller = Controller(postbox, hostname="127.0.0.1", port=postbox.port)
    controller.start()
    try:
        with MailServer.parse(postbox.address).connect() as connection:
            with pytest.raises(MailRefusedError) as refused:
                connection.send(message())
            assert refused.value.is_dead is is_dead
            connection.send(message("wang.wu@example.com"))  # the connection goes on
    finally:
        controller.stop()
    assert len(postbox.mails) == 1


@pytest.mark.parametrize(
    "address",
    [
        *("mail.example.gov.cn", "http://mail.example", "smtp://a b:25", "smtp://", "smtp://mail:65536"),
        *("smtp://mail..example.cn", f"smtp://{'a' * 64}.cn", "smtp://news:p#x@mail", "smtp://[x@mail"),
        *("smtp://news:%E5%AF%86%E7%A0%81@mail.example", "smtp://新闻:x@mail.example"),
    ],
)
def test_a_wrong_address_is_refused_at_the_start_without_its_password(address: str) -> None:
    with pytest.raises(ValueError, match="QINGDAN_SMTP: smtps://user:password@host:465"):
        read_settings(environ={"QINGDAN_SMTP": address})


@pytest.mark.parametrize(
    "address", ["smtp://邮件.example:25", "smtps://news:p%40ss@[::1]:465", "smtp://mail."]
)
def test_a_right_address_is_accepted(address: str) -> None:
    assert read_settings(environ={"QINGDAN_SMTP": address}).smtp == address


def test_what_cannot_be_encoded_is_a_server_that_is_away(authority: trustme.CA) -> None:
    postbox = Postbox()
    options = {"tls_context": server_side(authority), "authenticator": check_login, "auth_required": True}
    with listening(postbox, **options) as port:
        trust = client_side(authority)
        for server in (
            MailServer("mail..example", port, False),
            MailServer(ELSEWHERE, port, False, "news", "密码", trust),
        ):
            with pytest.raises(ServerAwayError, match="UnicodeE"), server.connect():
                pass
