"""Accounts of people who sign in at a provider of identities, with the roles of their groups there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from publisher.desk.accounts import audit_log
from publisher.desk.accounts import tables as t
from publisher.desk.accounts.accounts import NAME, Account, read_account, set_grants
from publisher.desk.accounts.oidc import Identity
from publisher.desk.accounts.roles import Grant, check_grants, parse_grant
from publisher.desk.accounts.store import DeskStore
from publisher.log.clocks import micros
from publisher.log.model import LogError

_i, _a = t.identity.c, t.account.c


class Identities:
    """Signs in people whom :class:`.Oidc` has verified."""

    def __init__(
        self, store: DeskStore, roles: Sequence[tuple[str, str]], clock: Callable[[], datetime]
    ) -> None:
        """``roles``: group, and a role as ``desk user add`` takes it. Raises ``LogError('no-such-role')``."""
        self._store, self._clock = store, clock
        self._roles = [(group, parse_grant(role)) for group, role in roles]

    def sign_in(self, identity: Identity, *, address: str = "") -> Account:
        """Return the account of an identity with the roles of its groups; the first time it is added.

        Raises ``LogError``: ``no-role`` (no group has one, or the account is disabled), ``roles-conflict``.
        """
        now = micros(self._clock())
        grants = list(dict.fromkeys(grant for group, grant in self._roles if group in identity.groups))
        try:
            with self._store.write() as conn:
                name = _find(conn, identity)
                _check(None if name is None else read_account(conn, name), grants)
                if name is None:
                    name = _add(conn, identity, now, address)
                _change_roles(conn, name, grants, now, address)
                conn.execute(update(t.account).where(_a.name == name).values(signed_in_at=now))
                own = {"actor": name, "subject": name, "address": address}
                audit_log.append(conn, "sign-in", at=now, details={"oidc": True}, **own)
                return read_account(conn, name)
        except LogError as error:
            with self._store.write() as conn:
                details = {"oidc": True, "code": error.code, "name": identity.name}
                subject = _find(conn, identity) or ""
                audit_log.append(
                    conn, "sign-in-failed", at=now, subject=subject, address=address, details=details
                )
            raise


def _find(conn: Connection, identity: Identity) -> str | None:
    query = select(_i.account).where(_i.issuer == identity.issuer, _i.subject == identity.subject)
    name: str | None = conn.scalar(query)
    return name


def _check(account: Account | None, grants: Sequence[Grant]) -> None:
    if not grants or (account is not None and account.disabled_at is not None):
        raise LogError(
            "no-role",
            "您没有工作台的角色，或账号已停用。请联系安全管理员。",
            "You have no role at the desk, or the account is disabled. Ask the security officer.",
        )
    check_grants(grants)


def _add(conn: Connection, identity: Identity, now: int, address: str) -> str:
    """Add an account, under the name at the provider if that is free and fits."""
    name = identity.name.lower()
    is_taken = conn.scalar(select(_a.name).where(_a.name == name)) is not None
    if is_taken or not NAME.fullmatch(name):
        text = f"{identity.issuer} {identity.subject}"
        name = f"sso-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    own = {"name": name, "display": identity.display or identity.name or name, "demo": False}
    conn.execute(t.account.insert().values(**own, epoch=1, made_at=now))
    values = {"issuer": identity.issuer, "subject": identity.subject, "account": name}
    conn.execute(t.identity.insert().values(**values))
    details = {"oidc": True, "roles": []}
    own_event = {"actor": name, "subject": name, "address": address}
    audit_log.append(conn, "account-added", at=now, details=details, **own_event)
    return name


def _change_roles(conn: Connection, name: str, grants: Sequence[Grant], now: int, address: str) -> None:
    before, after = (sorted(map(str, some)) for some in (read_account(conn, name).grants, grants))
    if before != after:
        set_grants(conn, name, grants)
        details = {"oidc": True, "before": before, "after": after}
        own = {"actor": name, "subject": name, "address": address}
        audit_log.append(conn, "roles-changed", at=now, details=details, **own)
