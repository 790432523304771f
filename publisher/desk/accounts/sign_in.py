"""Sign-in with name, password and code, or with the one-time link of a demo account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import delete, select, update

from publisher.desk.accounts import audit_log, credentials, lockout
from publisher.desk.accounts import tables as t
from publisher.desk.accounts.accounts import Account, Accounts, account_row, name_of_link
from publisher.desk.accounts.credentials import DeskKey
from publisher.desk.accounts.store import DeskStore
from publisher.log.clocks import micros, utc_now
from publisher.log.model import LogError

_a = t.account.c


class SignIn:
    """Sign-in that does not reveal which names exist: not by words, by pauses or by time."""

    def __init__(
        self, store: DeskStore, accounts: Accounts, key: DeskKey, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._store, self._accounts, self._key, self._clock = store, accounts, key, clock

    def with_password(self, name: str, password: str, code: str, *, address: str = "") -> Account:
        """Verify name, password and code. Raises ``LogError``: ``sign-in-failed``, ``sign-in-paused``."""
        now, name_mac = self._clock(), self._key.mac("name", name)
        with self._store.write() as conn:
            count = lockout.count_attempt(conn, name_mac, now)
            row = conn.execute(select(t.account).where(_a.name == name)).first()
        is_right = credentials.verify_password(None if row is None else row.password, password)
        step = self._step(row, code, now) if row is not None else None
        if not is_right or row is None or row.disabled_at is not None or step is None:
            self._fail(name, count, now, address, has_account=row is not None)
        # One of two sign-ins with one code at the same time changes the row.
        with self._store.write() as conn:
            unused = _a.totp_step.is_(None) | (_a.totp_step < step)
            used = conn.execute(
                update(t.account)
                .where(_a.name == name, _a.epoch == row.epoch, unused)
                .values(totp_step=step, signed_in_at=micros(now))
            )
            if used.rowcount:
                lockout.forget_failures(conn, name_mac)
                audit_log.append(conn, "sign-in", at=micros(now), actor=name, subject=name, address=address)
        if not used.rowcount:
            self._fail(name, count, now, address, has_account=True)
        return self._accounts.get(name)

    def with_link(self, token: str, *, address: str = "") -> Account:
        """Use up the link of a demo account. Raises ``LogError('link-expired')``."""
        now = self._clock()
        with self._store.write() as conn:
            name = name_of_link(conn, token, "sign-in", now)
            row = account_row(conn, name)
            if not row.demo or row.disabled_at is not None:
                raise LogError("link-expired", "这个链接不能使用。", "This link cannot be used.")
            conn.execute(delete(t.link).where(t.link.c.account == name))
            conn.execute(update(t.account).where(_a.name == name).values(signed_in_at=micros(now)))
            audit_log.append(
                conn,
                "sign-in",
                at=micros(now),
                actor=name,
                subject=name,
                address=address,
                details={"demo": True},
            )
        return self._accounts.get(name)

    def _step(self, row: Any, code: str, now: datetime) -> int | None:
        secret = None if row.totp is None else self._key.unseal(row.totp)
        if secret is None:
            return None
        step = credentials.totp_step(secret, code, now)
        is_old = step is not None and row.totp_step is not None and step <= row.totp_step
        return None if is_old else step

    def _fail(self, name: str, count: int, now: datetime, address: str, *, has_account: bool) -> NoReturn:
        with self._store.write() as conn:
            # A name that no account has may be a password that was typed into the wrong field.
            audit_log.append(
                conn,
                "sign-in-failed",
                at=micros(now),
                subject=name if has_account else "",
                address=address,
                details={"failures": count},
            )
        raise LogError(
            "sign-in-failed",
            "账号名称、密码或验证码不对。验证码只能用一次，请等下一个。",
            "Name, password or code is wrong. A code works once; wait for the next one.",
        )
