"""Accounts of the desk: invitations, roles and passwords. Each change is in the audit log."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, delete, select, update

from publisher.desk.accounts import audit_log, credentials, lockout
from publisher.desk.accounts import tables as t
from publisher.desk.accounts.credentials import DeskKey
from publisher.desk.accounts.roles import Action, Grant, Role, TokenScope, check_grants, may, may_in
from publisher.desk.accounts.store import DeskStore
from publisher.log.clocks import micros, moment, utc_now
from publisher.log.model import LogError

INVITATION_HOURS = 72
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
"""Pattern of the name of an account."""
type Purpose = Literal["invitation", "sign-in"]

_a, _g, _l = t.account.c, t.grant.c, t.link.c


class Account(msgspec.Struct, frozen=True):
    """The account of a person who may use the desk."""

    name: str
    display: str
    grants: tuple[Grant, ...]
    demo: bool
    epoch: int
    """Sessions of an earlier one have ended."""
    is_ready: bool
    """The invitation was accepted, or there is none."""
    disabled_at: datetime | None
    signed_in_at: datetime | None
    is_external: bool = False
    """It signs in at the provider of identities, whose groups give its roles."""
    token: TokenScope | None = None
    """Scope of the token that the request has: the share of the account's rights that it reaches."""

    @property
    def roles(self) -> tuple[Role, ...]:
        return tuple(dict.fromkeys(grant.role for grant in self.grants))

    def may(self, action: Action, dataset: str | None = None, part: str | None = None) -> bool:
        within = self.token is None or self.token.covers(action, dataset, part)
        return within and may(self.grants, action, dataset, part)

    def may_in(self, action: Action, dataset: str | None) -> bool:
        within = self.token is None or self.token.reaches(action, dataset)
        return within and may_in(self.grants, action, dataset)


class Accounts:
    """Each change is one transaction. ``by``: the account that acts; empty is the command line."""

    def __init__(self, store: DeskStore, key: DeskKey, clock: Callable[[], datetime] = utc_now) -> None:
        self._store, self._key, self._clock = store, key, clock

    def all(self) -> Sequence[Account]:
        with self._store.read() as conn:
            rows = conn.execute(select(t.account).order_by(_a.name)).all()
            return [_account(conn, row) for row in rows]

    def get(self, name: str) -> Account:
        """Raises ``LogError('no-such-account')``."""
        with self._store.read() as conn:
            return read_account(conn, name)

    def add(
        self,
        name: str,
        display: str,
        grants: Sequence[Grant],
        *,
        by: str = "",
        address: str = "",
        demo: bool = False,
    ) -> str:
        """Add an account → the token of its invitation, or of a link to sign in for ``demo``.

        Raises ``LogError``: ``bad-account-name``, ``account-exists``, ``roles-conflict``.
        """
        if not NAME.fullmatch(name):
            raise LogError(
                "bad-account-name",
                f"账号名称“{name}”须由2至40个小写字母、数字、点、下划线或连字符组成。",
                f"The account name {name!r} needs 2 to 40 of: lower-case letters, digits, dot, underscore, "
                "hyphen.",
            )
        check_grants(grants)
        now = micros(self._clock())
        with self._store.write() as conn:
            if conn.scalar(select(_a.name).where(_a.name == name)) is not None:
                raise LogError(
                    "account-exists", f"账号“{name}”已存在。", f"The account {name} exists already."
                )
            own = {"name": name, "display": display.strip() or name, "demo": demo}
            conn.execute(t.account.insert().values(**own, epoch=1, made_at=now))
            set_grants(conn, name, grants)
            roles = [str(grant) for grant in grants]
            audit_log.append(
                conn,
                "account-added",
                at=now,
                actor=by,
                subject=name,
                address=address,
                details={"roles": roles, "demo": demo},
            )
            return self._link(conn, name, "sign-in" if demo else "invitation")

    def invite(self, name: str, *, by: str = "", address: str = "") -> str:
        """Invite again, for a lost password or telephone → the token. Sessions and password end at once.

        Raises ``LogError``: ``no-such-account`` (also if it is disabled), ``external-account``.
        """
        with self._store.write() as conn:
            account = read_account(conn, name)
            _refuse_external(account)
            if account.disabled_at is not None:
                raise LogError(
                    "no-such-account",
                    f"账号“{name}”已停用，不能再邀请。请新增一个账号。",
                    f"The account {name} is disabled and cannot be invited. Add another account.",
                )
            row = account_row(conn, name)
            values = {"password": None, "totp": None, "totp_step": None, "epoch": row.epoch + 1}
            conn.execute(update(t.account).where(_a.name == name).values(**values))
            now = micros(self._clock())
            audit_log.append(conn, "invited", at=now, actor=by, subject=name, address=address)
            return self._link(conn, name, "sign-in" if row.demo else "invitation")

    def find_invited(self, token: str) -> Account:
        """Return the account of an invitation. Raises ``LogError('link-expired')``."""
        with self._store.read() as conn:
            return _account(conn, account_row(conn, self._name_of_link(conn, token, "invitation")))

    def accept(self, token: str, *, password: str, totp_secret: str, code: str, address: str = "") -> Account:
        """Set password and TOTP of an invited account; the link is used up.

        Raises ``LogError``: ``link-expired``, ``weak-password``, ``wrong-code``.
        """
        now = self._clock()
        step = credentials.totp_step(totp_secret, code, now)
        with self._store.read() as conn:
            name = self._name_of_link(conn, token, "invitation")
        credentials.check_password(password, name)
        if step is None:
            raise LogError(
                "wrong-code",
                "验证码不对。请核对手机的时间，输入验证器当前显示的6位数字。",
                "The code is wrong. Check the clock of the telephone and type the 6 digits shown now.",
            )
        values: dict[str, Any] = {
            "password": credentials.hash_password(password),
            "totp": self._key.seal(totp_secret),
            "totp_step": step,
        }
        with self._store.write() as conn:
            self._name_of_link(conn, token, "invitation")
            row = account_row(conn, name)
            conn.execute(update(t.account).where(_a.name == name).values(**values, epoch=row.epoch + 1))
            conn.execute(delete(t.link).where(_l.account == name))
            audit_log.append(
                conn, "invitation-accepted", at=micros(now), actor=name, subject=name, address=address
            )
            return read_account(conn, name)

    def change_roles(self, name: str, grants: Sequence[Grant], *, by: str = "", address: str = "") -> Account:
        """Replace the roles of an account, from its next request on.

        Raises ``LogError``: ``no-such-account``, ``roles-conflict``, ``own-roles``, ``external-account``.
        """
        return self._change_roles(name, lambda _: grants, by, address)

    def add_role(self, name: str, grant: Grant, *, by: str = "", address: str = "") -> Account:
        """Add a role to those that an account has by now. Raises as :meth:`change_roles`."""
        return self._change_roles(name, lambda grants: (*grants, grant), by, address)

    def remove_role(self, name: str, grant: Grant, *, by: str = "", address: str = "") -> Account:
        """Take a role from those that an account has by now. Raises as :meth:`change_roles`."""
        return self._change_roles(name, lambda grants: [g for g in grants if g != grant], by, address)

    def _change_roles(
        self, name: str, change: Callable[[Sequence[Grant]], Sequence[Grant]], by: str, address: str
    ) -> Account:
        """Change the roles of an account. ``change``: called in the transaction with those that it has."""
        if by == name:
            raise LogError(
                "own-roles", "不能更改自己的角色。", "Nobody changes the roles of his own account."
            )
        with self._store.write() as conn:
            before = read_account(conn, name)
            _refuse_external(before)
            grants = tuple(dict.fromkeys(change(before.grants)))
            check_grants(grants)
            set_grants(conn, name, grants)
            details = {"before": [str(g) for g in before.grants], "after": [str(g) for g in grants]}
            audit_log.append(
                conn,
                "roles-changed",
                at=micros(self._clock()),
                actor=by,
                subject=name,
                address=address,
                details=details,
            )
            return read_account(conn, name)

    def disable(self, name: str, *, by: str = "", address: str = "") -> None:
        """End the sessions and links of an account, which signs in no more. Its name stays taken.

        Raises ``LogError``: ``no-such-account``, ``own-roles``.
        """
        now = micros(self._clock())
        if by == name:
            raise LogError("own-roles", "不能停用自己的账号。", "Nobody disables his own account.")
        with self._store.write() as conn:
            row = account_row(conn, name)
            values = {"disabled_at": row.disabled_at or now, "epoch": row.epoch + 1}
            conn.execute(update(t.account).where(_a.name == name).values(**values))
            conn.execute(delete(t.link).where(_l.account == name))
            audit_log.append(conn, "account-disabled", at=now, actor=by, subject=name, address=address)

    def change_password(self, name: str, *, current: str, new: str, address: str = "") -> Account:
        """Change the password of an account and end all its sessions, that of the change too.

        Wrong guesses pause as those of a sign-in. Raises ``LogError``: ``sign-in-failed``,
        ``sign-in-paused``, ``weak-password``.
        """
        credentials.check_password(new, name)  # first: it is no guess
        now, name_mac = self._clock(), self._key.mac("name", name)
        with self._store.write() as conn:
            row = account_row(conn, name)
            count = lockout.count_attempt(conn, name_mac, now)
        if not credentials.verify_password(row.password, current):
            with self._store.write() as conn:
                details: dict[str, Any] = {"failures": count, "for": "password"}
                own: dict[str, Any] = {"actor": name, "subject": name, "address": address}
                audit_log.append(conn, "sign-in-failed", at=micros(now), details=details, **own)
            raise LogError("sign-in-failed", "当前密码不对。", "The current password is wrong.")
        hashed = credentials.hash_password(new)
        with self._store.write() as conn:
            conn.execute(update(t.account).where(_a.name == name).values(password=hashed, epoch=_a.epoch + 1))
            lockout.forget_failures(conn, name_mac)
            audit_log.append(
                conn, "password-changed", at=micros(now), actor=name, subject=name, address=address
            )
            return read_account(conn, name)

    def append_audit_line(self, kind: audit_log.Kind, **event: Any) -> None:
        """Append a line to the audit log; ``event`` as :func:`.audit_log.append`."""
        with self._store.write() as conn:
            audit_log.append(conn, kind, at=micros(self._clock()), **event)

    def _link(self, conn: Connection, name: str, purpose: Purpose) -> str:
        token = credentials.new_token()
        conn.execute(delete(t.link).where(_l.account == name))
        expires_at = micros(self._clock() + timedelta(hours=INVITATION_HOURS))
        conn.execute(
            t.link.insert().values(
                digest=credentials.digest_of(token), account=name, purpose=purpose, expires_at=expires_at
            )
        )
        return token

    def _name_of_link(self, conn: Connection, token: str, purpose: Purpose) -> str:
        return name_of_link(conn, token, purpose, self._clock())


def name_of_link(conn: Connection, token: str, purpose: Purpose, now: datetime) -> str:
    """Return the name of the account of a link. Raises ``LogError('link-expired')``."""
    name = conn.scalar(
        select(_l.account).where(
            _l.digest == credentials.digest_of(token), _l.purpose == purpose, _l.expires_at > micros(now)
        )
    )
    if name is None:
        raise LogError(
            "link-expired",
            "这个链接已经用过或已过期。请向安全管理员要一个新的。",
            "This link was used or has expired. Ask the security officer for a new one.",
        )
    return str(name)


def account_row(conn: Connection, name: str) -> Any:
    """Return the row of an account. Raises ``LogError('no-such-account')``."""
    row = conn.execute(select(t.account).where(_a.name == name)).first()
    if row is None:
        raise LogError("no-such-account", f"没有账号“{name}”。", f"There is no account {name}.")
    return row


def read_account(conn: Connection, name: str) -> Account:
    """Raises ``LogError('no-such-account')``."""
    return _account(conn, account_row(conn, name))


def _refuse_external(account: Account) -> None:
    if account.is_external:
        raise LogError(
            "external-account",
            f"账号“{account.name}”由统一身份认证登录，角色按其中的用户组确定，请在那里更改。",
            f"The account {account.name} signs in at the provider of identities; its groups there give its "
            "roles. Change them there.",
        )


def _account(conn: Connection, row: Any) -> Account:
    grants = conn.execute(
        select(t.grant).where(_g.account == row.name).order_by(_g.role, _g.dataset, _g.part)
    ).all()
    is_external = (
        conn.scalar(select(t.identity.c.account).where(t.identity.c.account == row.name)) is not None
    )
    return Account(
        name=row.name,
        display=row.display,
        grants=tuple(Grant(Role(g.role), g.dataset or None, g.part or None) for g in grants),
        demo=row.demo,
        epoch=row.epoch,
        is_ready=row.demo or row.password is not None or is_external,
        is_external=is_external,
        disabled_at=None if row.disabled_at is None else moment(row.disabled_at),
        signed_in_at=None if row.signed_in_at is None else moment(row.signed_in_at),
    )


def set_grants(conn: Connection, name: str, grants: Sequence[Grant]) -> None:
    """Replace the roles of an account."""
    conn.execute(delete(t.grant).where(_g.account == name))
    rows = [
        {"account": name, "role": str(g.role), "dataset": g.dataset or "", "part": g.part or ""}
        for g in dict.fromkeys(grants)
    ]
    if rows:
        conn.execute(t.grant.insert(), rows)
