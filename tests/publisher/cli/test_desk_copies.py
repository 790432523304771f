"""The desk in a backup, in a restored site and in a moved one: accounts and audit log, no session."""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import anyio
import pyotp
import pytest
from sqlalchemy import func, select

from publisher.desk.accounts import tables as t
from publisher.desk.accounts.roles import parse_grant
from publisher.desk.desk import Staff, open_staff
from publisher.log.model import LogError
from publisher.log.transparency.audit_heads import AuditHead
from publisher.settings import read_settings
from tests.support.clock import Clock
from tests.support.command import Home
from tests.support.desk import GOOD_PASSWORD, code_at
from tests.support.servers.postgresql import Server

SECRET = pyotp.random_base32()


def people_of(site: Home, clock: Clock) -> Staff:
    return open_staff(read_settings(site.home), create=True, clock=clock)


def fill(site: Home, clock: Clock) -> AuditHead:
    """Add somebody who has signed in, somebody who is invited, and a session."""
    with closing(people_of(site, clock)) as staff:
        token = staff.accounts.add("zhang", "张三", [parse_grant("填报")])
        code = code_at(SECRET, clock.now)
        staff.accounts.accept(token, password=GOOD_PASSWORD, totp_secret=SECRET, code=code)
        staff.accounts.add("li", "李四", [parse_grant("审核")])
        anyio.run(staff.sessions.set, "cookie", b"{}", 60)
        clock.advance(seconds=60)
        return staff.audit.head()


def check_copy(staff: Staff, clock: Clock, head: AuditHead, *, links: int) -> None:
    """Check that a copy has everything but what opens it."""
    assert [account.name for account in staff.accounts.all()] == ["li", "zhang"]
    assert staff.audit.verify(head) == []
    with staff.store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(t.session)) == 0
        assert conn.scalar(select(func.count()).select_from(t.link)) == links
    staff.sign_in.with_password("zhang", GOOD_PASSWORD, code_at(SECRET, clock.now))
    assert staff.audit.head().size == head.size + 1


@pytest.mark.slow
def test_a_restored_desk_has_its_accounts_and_the_key_is_no_part_of_a_backup(
    site: Home, tmp_path: Path, clock: Clock
) -> None:
    site.init()
    head = fill(site, clock)
    site.ok("backup", tmp_path / "backups", "--keys", tmp_path / "keys")
    assert not list((tmp_path / "backups").rglob("desk.key"))
    new = Home(tmp_path / "new")
    new.ok("restore", tmp_path / "backups", "--keys", tmp_path / "keys", "--no-checkpoint")
    for file in (
        new.home / "desk" / "desk.db",
        new.home / "desk" / "desk.key",
        tmp_path / "keys" / "desk.key",
    ):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with closing(people_of(new, clock)) as staff:
        check_copy(staff, clock, head, links=0)


@pytest.mark.slow
def test_without_the_key_a_new_invitation_is_needed_and_nothing_else(
    site: Home, tmp_path: Path, clock: Clock
) -> None:
    site.init()
    fill(site, clock)
    site.ok("backup", tmp_path / "backups")
    new = Home(tmp_path / "new")
    new.ok("restore", tmp_path / "backups", "--no-checkpoint")
    with closing(people_of(new, clock)) as staff:
        with pytest.raises(LogError) as refused:
            staff.sign_in.with_password("zhang", GOOD_PASSWORD, code_at(SECRET, clock.now))
        assert refused.value.code == "sign-in-failed"
        code = code_at(SECRET, clock.now)
        token = staff.accounts.invite("zhang")
        staff.accounts.accept(token, password=GOOD_PASSWORD, totp_secret=SECRET, code=code)
        clock.advance(seconds=60)
        staff.sign_in.with_password("zhang", GOOD_PASSWORD, code_at(SECRET, clock.now))


@pytest.mark.server
def test_on_postgresql_a_dump_has_the_desk_without_sessions_and_links(
    postgresql_server: Server, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgresql_server.database() as old, postgresql_server.database(migrated=False) as new:
        monkeypatch.setenv("QINGDAN_DATABASE", old)
        site = Home(tmp_path / "old")
        site.init()
        head = fill(site, clock)
        site.ok("backup", tmp_path / "backups", "--keys", tmp_path / "keys")
        monkeypatch.setenv("QINGDAN_DATABASE", new)
        restored = Home(tmp_path / "new")
        restored.ok("restore", tmp_path / "backups", "--keys", tmp_path / "keys", "--no-checkpoint")
        with closing(people_of(restored, clock)) as staff:
            check_copy(staff, clock, head, links=0)


@pytest.mark.server
def test_a_move_takes_the_desk_along_and_never_overwrites_another(
    site: Home, postgresql_server: Server, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.init()
    head = fill(site, clock)
    event = {"actor": "zhang", "subject": "fees", "address": "", "details": {}}
    with closing(people_of(site, clock)) as staff:  # of a desk that was killed in the middle of it
        begun = [staff.acts.begin("imported", event, entries=0) for _ in range(2)]
    with postgresql_server.database(migrated=False) as url:
        assert site.ok("move", "--to", url, "--json").json["desk_accounts"] == 2
        monkeypatch.setenv("QINGDAN_DATABASE", url)
        with closing(people_of(site, clock)) as staff:
            check_copy(staff, clock, head, links=1)
            begun.append(staff.acts.begin("imported", event, entries=0))
            assert [act.number for act in staff.acts.all()] == [act.number for act in begun] == [1, 2, 3]
        # And back: the old files are still in the home.
        back = f"sqlite:///{site.home / 'back.db'}"
        for name in ("inbox", "desk"):
            assert "store-exists" in site.run("move", "--to", back).err
            assert not (site.home / "back.db").exists()
            (site.home / name / f"{name}.db").rename(site.home / name / "old.db")
        assert site.ok("move", "--to", back, "--json").json["desk_accounts"] == 2
