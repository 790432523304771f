"""Accounts of the demo's desk, which sign in by links that work once. No real site gets such accounts."""

from __future__ import annotations

from contextlib import closing

from publisher.desk.accounts.roles import Grant, Role
from publisher.desk.desk import open_staff
from publisher.settings import Settings

_DATASET = "shili-power-list"
_PART = "应急管理局"
ACCOUNTS = (
    ("demo-drafter", f"{_PART}填报员（演示）", Grant(Role.DRAFTER, _DATASET, _PART), "a clerk who hands in"),
    ("demo-reviewer", "审核员（演示）", Grant(Role.REVIEWER, _DATASET), "who approves or returns it"),
    ("demo-publisher", "发布员（演示）", Grant(Role.PUBLISHER, _DATASET), "who publishes"),
)
"""Name, display name, role, and what it is in English."""


def invite_demo_accounts(settings: Settings, base: str) -> str:
    """Add missing accounts → lines to print, in Chinese and English, with a new link for each account.

    ``base``: address of the desk. Links and sessions of an earlier start end.
    """
    lines = ["", "工作台：三个演示账号，链接只能用一次 / The desk: three demo accounts; a link works once:"]
    with closing(open_staff(settings, create=True)) as staff:
        names = {account.name for account in staff.accounts.all()}
        for name, display, grant, english in ACCOUNTS:
            if name in names:
                token = staff.accounts.invite(name)
            else:
                token = staff.accounts.add(name, display, [grant], demo=True)
            lines.append(f"  {base}/link/{token}\n      {display} / {english}")
    return "\n".join(lines)
