"""Roles and actions: the one table of who may do what. What it does not name is denied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from publisher.log.model import LogError


class Role(StrEnum):
    """The duty of an account. 系统管理, 安全管理 and 督查 are the 三员 of GB/T 22239 (等级保护)."""

    DRAFTER = "填报"
    REVIEWER = "审核"
    PUBLISHER = "发布"
    SYSTEM = "系统管理"
    SECURITY = "安全管理"
    AUDITOR = "督查"


class Action(StrEnum):
    """An action to which routes belong; every route of the desk has one, but for those of the entrance."""

    OWN_ACCOUNT = "own-account"
    """One's own work, sign-out and password."""
    READ_DRAFT = "read-draft"
    HAND_IN = "hand-in"
    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    PUBLISH = "publish"
    READ_SETTINGS = "read-settings"
    MANAGE_DATASETS = "manage-datasets"
    """Datasets with their parts, sources, details of the site, webhooks and robots."""
    READ_ACCOUNTS = "read-accounts"
    MANAGE_ACCOUNTS = "manage-accounts"
    MANAGE_KEYS = "manage-keys"
    READ_AUDIT = "read-audit"


PERMISSIONS: Mapping[Role, frozenset[Action]] = {
    Role.DRAFTER: frozenset({Action.OWN_ACCOUNT, Action.READ_DRAFT, Action.HAND_IN, Action.SUBMIT}),
    Role.REVIEWER: frozenset({Action.OWN_ACCOUNT, Action.READ_DRAFT, Action.APPROVE, Action.RETURN}),
    Role.PUBLISHER: frozenset({Action.OWN_ACCOUNT, Action.READ_DRAFT, Action.PUBLISH}),
    Role.SYSTEM: frozenset(
        {Action.OWN_ACCOUNT, Action.READ_DRAFT, Action.READ_SETTINGS, Action.MANAGE_DATASETS}
    ),
    Role.SECURITY: frozenset(
        {Action.OWN_ACCOUNT, Action.READ_ACCOUNTS, Action.MANAGE_ACCOUNTS, Action.MANAGE_KEYS}
    ),
    Role.AUDITOR: frozenset(
        {
            Action.OWN_ACCOUNT,
            Action.READ_DRAFT,
            Action.READ_SETTINGS,
            Action.READ_ACCOUNTS,
            Action.READ_AUDIT,
        }
    ),
}
"""The only place of permission."""

THREE_OFFICERS = frozenset({Role.SYSTEM, Role.SECURITY, Role.AUDITOR})
"""Roles of which an account has at most one."""


class Grant(msgspec.Struct, frozen=True):
    """A role of an account, in all datasets or in one, of all parts or of one."""

    role: Role
    dataset: str | None = None
    part: str | None = None

    def covers(self, dataset: str | None, part: str | None) -> bool:
        """Test whether the grant reaches a part of a dataset. ``part``: None is the dataset as a whole.

        ``dataset``: None is what is outside datasets, or not yet known.
        """
        if dataset is None or self.dataset is None:
            return True
        return self.dataset == dataset and (self.part is None or self.part == part)

    def __str__(self) -> str:
        return ":".join(filter(None, (self.role, self.dataset, self.part)))


TOKEN_ACTIONS = (Action.READ_DRAFT, Action.HAND_IN, Action.SUBMIT, Action.PUBLISH)
"""Actions that a token can have. It neither approves nor returns: a program is not a second person."""


class TokenScope(msgspec.Struct, frozen=True):
    """The scope of a token: actions in one dataset, for one part or for all."""

    number: int
    dataset: str
    part: str | None
    actions: tuple[Action, ...]

    def covers(self, action: Action, dataset: str | None, part: str | None) -> bool:
        """Test whether the token reaches a part of a dataset. ``part``: None is the dataset as a whole."""
        return self.reaches(action, dataset) and (dataset is None or self.part is None or self.part == part)

    def reaches(self, action: Action, dataset: str | None) -> bool:
        """Test whether the token reaches some part of a dataset, at least."""
        return action in self.actions and dataset in (None, self.dataset)

    def __str__(self) -> str:
        return f"{':'.join(filter(None, (self.dataset, self.part)))} {', '.join(self.actions)}"


def parse_grant(text: str) -> Grant:
    """Read ``ROLE``, ``ROLE:DATASET`` or ``ROLE:DATASET:PART``. Raises ``LogError('no-such-role')``."""
    name, _, scope = text.partition(":")
    dataset, _, part = scope.partition(":")
    try:
        return Grant(Role(name), dataset or None, part or None)
    except ValueError:
        names = "、".join(Role)
        raise LogError(
            "no-such-role", f"没有角色“{name}”。角色有：{names}。", f"There is no role {name!r}: {names}."
        ) from None


def may(grants: Iterable[Grant], action: Action, dataset: str | None = None, part: str | None = None) -> bool:
    """Test whether one of the grants permits an action."""
    return any(action in PERMISSIONS[grant.role] and grant.covers(dataset, part) for grant in grants)


def may_in(grants: Iterable[Grant], action: Action, dataset: str | None) -> bool:
    """Test whether one of the grants permits an action on some part of a dataset, at least."""
    return any(
        action in PERMISSIONS[grant.role] and (dataset is None or grant.dataset in (None, dataset))
        for grant in grants
    )


def check_grants(grants: Iterable[Grant]) -> None:
    """Raise ``LogError('roles-conflict')`` if no account may have these roles together.

    An account has at most one of the 三员; 督查 changes nothing, so it stands alone.
    """
    roles = {grant.role for grant in grants}
    officers = sorted(roles & THREE_OFFICERS)
    if len(officers) > 1 or (Role.AUDITOR in roles and len(roles) > 1):
        words = "、".join(sorted(roles))
        raise LogError(
            "roles-conflict",
            f"一个账号不能同时担任{words}：系统管理、安全管理和督查须由不同的人担任，督查不兼任其他角色。",
            f"No account has {words} together: 系统管理, 安全管理 and 督查 are three persons, and "
            "督查 has no other role.",
        )
