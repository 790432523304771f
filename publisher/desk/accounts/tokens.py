"""Tokens with which programs of departments use the API: scoped, hashed, expiring, with their last use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import func, or_, select, update

from publisher.desk.accounts import audit_log, credentials
from publisher.desk.accounts import tables as t
from publisher.desk.accounts.accounts import Account, read_account
from publisher.desk.accounts.roles import TOKEN_ACTIONS, Action, TokenScope
from publisher.desk.accounts.store import DeskStore
from publisher.log.clocks import micros, moment, utc_now
from publisher.log.model import LogError

PREFIX = "qingdan_"
"""Beginning of every token, by which programs that look for leaked secrets know one."""
DAYS, MOST_DAYS = 90, 366
"""Days until a token expires: by default, and at most."""
_USE_PRECISION = timedelta(minutes=1)
_LONGEST_LABEL = 100
_NO_NUMBER = 1 << 31

_t = t.token.c


class Token(msgspec.Struct, frozen=True):
    """A token as it is listed; the secret itself is not stored."""

    account: str
    label: str
    """The program that has it."""
    scope: TokenScope
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    """Last use, to the minute."""

    @property
    def number(self) -> int:
        return self.scope.number


class Tokens:
    """Each change is one transaction. ``by``: the account that acts; empty is the command line."""

    def __init__(self, store: DeskStore, clock: Callable[[], datetime] = utc_now) -> None:
        self._store, self._clock = store, clock

    def all(self) -> Sequence[Token]:
        """List tokens, the newest first; those that expired or were revoked too."""
        with self._store.read() as conn:
            return [_token(row) for row in conn.execute(select(t.token).order_by(_t.number.desc()))]

    def add(
        self,
        account: str,
        label: str,
        *,
        dataset: str,
        part: str | None,
        actions: Sequence[Action],
        days: int = DAYS,
        by: str = "",
        address: str = "",
    ) -> tuple[str, Token]:
        """Add a token of an account → its secret, which is shown once, and the token.

        Raises ``LogError``: ``no-such-account``, ``bad-token-scope``, ``token-beyond-account``.
        """
        secret, now = PREFIX + credentials.new_token(), self._clock()
        chosen = tuple(action for action in TOKEN_ACTIONS if action in actions)
        _check(label, set(actions) - set(chosen), chosen, days)
        with self._store.write() as conn:
            _check_within(read_account(conn, account), dataset, part, chosen)
            number = (conn.scalar(select(func.max(_t.number))) or 0) + 1
            conn.execute(
                t.token.insert().values(
                    number=number,
                    digest=credentials.digest_of(secret),
                    account=account,
                    label=label.strip(),
                    dataset=dataset,
                    part=part or "",
                    actions=" ".join(chosen),
                    made_by=by,
                    made_at=micros(now),
                    expires_at=micros(now + timedelta(days=days)),
                )
            )
            token = _token(conn.execute(select(t.token).where(_t.number == number)).one())
            details = {"token": number, "label": token.label, "dataset": dataset, "part": part}
            words, end = [str(action) for action in chosen], token.expires_at.isoformat()
            details |= {"actions": words, "expires_at": end}
            audit_log.append(
                conn,
                "token-added",
                at=micros(now),
                actor=by,
                subject=account,
                address=address,
                details=details,
            )
        return secret, token

    def revoke(self, number: int, *, by: str = "", address: str = "") -> Token:
        """End a token at once. Raises ``LogError('no-such-token')``."""
        now = micros(self._clock())
        with self._store.write() as conn:
            is_number = 0 < number < _NO_NUMBER  # what is larger, no database takes
            row = conn.execute(select(t.token).where(_t.number == number)).first() if is_number else None
            if row is None:
                raise LogError("no-such-token", f"没有令牌 {number}。", f"There is no token {number}.")
            if row.revoked_at is None:
                conn.execute(update(t.token).where(_t.number == number).values(revoked_at=now))
                details = {"token": number, "label": row.label}
                audit_log.append(
                    conn,
                    "token-revoked",
                    at=now,
                    actor=by,
                    subject=row.account,
                    address=address,
                    details=details,
                )
            return _token(conn.execute(select(t.token).where(_t.number == number)).one())

    def account_of(self, secret: str) -> Account | None:
        """Return the account of a token with what the token reaches; None if it is unknown or has ended."""
        now = self._clock()
        with self._store.read() as conn:
            is_valid = (_t.digest == credentials.digest_of(secret)) & _t.revoked_at.is_(None)
            row = conn.execute(select(t.token).where(is_valid, _t.expires_at > micros(now))).first()
            account = None if row is None else read_account(conn, row.account)
        if row is None or account is None or account.disabled_at is not None:
            return None
        old = micros(now - _USE_PRECISION)
        if row.used_at is None or row.used_at <= old:
            with self._store.write() as conn:
                is_old = or_(_t.used_at.is_(None), _t.used_at <= old)
                conn.execute(
                    update(t.token).where(_t.number == row.number, is_old).values(used_at=micros(now))
                )
        return structs.replace(account, token=_scope(row))


def _check(label: str, forbidden: set[Action], actions: Sequence[Action], days: int) -> None:
    if forbidden or not actions:
        words = "、".join(TOKEN_ACTIONS)
        raise LogError(
            "bad-token-scope",
            f"令牌可以有的操作：{words}。审核和退回只能由人作出。",
            f"A token may have the actions {', '.join(TOKEN_ACTIONS)}. Only persons approve and return.",
        )
    if not 1 <= days <= MOST_DAYS:
        raise LogError(
            "bad-token-scope",
            f"令牌的有效期为1至{MOST_DAYS}天。",
            f"A token is valid for 1 to {MOST_DAYS} days.",
        )
    if not 1 <= len(label.strip()) <= _LONGEST_LABEL:
        raise LogError(
            "bad-token-scope",
            f"请写明使用令牌的系统，不超过{_LONGEST_LABEL}字。",
            f"Name the program that has the token, in at most {_LONGEST_LABEL} characters.",
        )


def _check_within(account: Account, dataset: str, part: str | None, actions: Sequence[Action]) -> None:
    missing = [action for action in actions if not account.may(action, dataset, part)]
    if missing or account.disabled_at is not None:
        place = dataset if part is None else f"{dataset}:{part}"
        raise LogError(
            "token-beyond-account",
            f"账号“{account.name}”自己不能在 {place} 做：{'、'.join(missing or actions)}。"
            "令牌不能超出账号的权限；账号只管一个部门的，令牌也须限于该部门。",
            f"The account {account.name} itself may not do in {place}: {', '.join(missing or actions)}. A "
            "token has no more rights than its account; that of an account for one part needs that part.",
        )


def _token(row: Any) -> Token:
    return Token(
        account=row.account,
        label=row.label,
        scope=_scope(row),
        made_by=row.made_by,
        made_at=moment(row.made_at),
        expires_at=moment(row.expires_at),
        revoked_at=None if row.revoked_at is None else moment(row.revoked_at),
        used_at=None if row.used_at is None else moment(row.used_at),
    )


def _scope(row: Any) -> TokenScope:
    actions = tuple(Action(word) for word in row.actions.split())
    return TokenScope(row.number, row.dataset, row.part or None, actions)
