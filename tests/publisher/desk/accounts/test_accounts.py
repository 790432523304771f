"""Accounts: invitations, passwords, pauses after failures, and what the audit log has of them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from publisher.desk.accounts import tables as t
from publisher.desk.accounts.identities import Identities
from publisher.desk.accounts.lockout import FREE_FAILURES, LONGEST_PAUSE, pause_after
from publisher.desk.accounts.oidc import Identity
from publisher.desk.accounts.roles import parse_grant
from publisher.desk.desk import open_staff
from publisher.log.model import LogError
from publisher.log.transparency.audit_heads import AuditHead
from tests.support.desk import GOOD_PASSWORD, DeskSite, code_at, forms

pytestmark = pytest.mark.both_databases
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def refusal(error: pytest.ExceptionInfo[LogError]) -> str:
    return error.value.code


def refused_sign_in(desk: DeskSite, code: str) -> str:
    """Try to sign in with the right password → the code of the refusal."""
    with pytest.raises(LogError) as refused:
        desk.staff.sign_in.with_password("zhang", GOOD_PASSWORD, code)
    return refusal(refused)


@pytest.mark.slow
def test_an_invited_person_sets_password_and_code_once_and_signs_in(desk: DeskSite) -> None:
    accounts = desk.staff.accounts
    token = accounts.add("zhang", "张三", [parse_grant("填报:fees:财政局")])
    assert not accounts.get("zhang").is_ready
    with pytest.raises(LogError) as refused:
        desk.staff.sign_in.with_password("zhang", "", "")
    assert refusal(refused) == "sign-in-failed"
    own = {"totp_secret": SECRET, "code": code_at(SECRET, desk.clock.now)}
    for password in ("短", "a" * 12, "zhang-zhang-zhang", "x" * 129):
        with pytest.raises(LogError) as refused:
            accounts.accept(token, password=password, **own)
        assert refusal(refused) == "weak-password"
    with pytest.raises(LogError) as refused:
        accounts.accept(token, password=GOOD_PASSWORD, totp_secret=SECRET, code="000000")
    assert refusal(refused) == "wrong-code"
    assert accounts.accept(token, password=GOOD_PASSWORD, **own).is_ready
    with pytest.raises(LogError) as refused:
        accounts.accept(token, password=GOOD_PASSWORD, **own)
    assert refusal(refused) == "link-expired"
    desk.clock.advance(seconds=60)
    code = code_at(SECRET, desk.clock.now)
    assert desk.staff.sign_in.with_password("zhang", GOOD_PASSWORD, code).display == "张三"


def test_an_invitation_expires(desk: DeskSite) -> None:
    token = desk.staff.accounts.add("zhang", "", [])
    desk.clock.advance(hours=72, seconds=1)
    with pytest.raises(LogError) as refused:
        desk.staff.accounts.find_invited(token)
    assert refusal(refused) == "link-expired"


@pytest.mark.slow
def test_a_new_invitation_ends_the_password(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    desk.staff.accounts.invite("zhang")
    assert refused_sign_in(desk, desk.code("zhang")) == "sign-in-failed"


@pytest.mark.slow
def test_a_code_works_once(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    code = desk.code("zhang")
    desk.staff.sign_in.with_password("zhang", GOOD_PASSWORD, code)
    assert refused_sign_in(desk, code) == "sign-in-failed"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["zhang", "nobody"])
def test_failures_pause_a_name_whether_there_is_such_an_account_or_not(desk: DeskSite, name: str) -> None:
    desk.add("zhang", "填报")
    answers = []
    for _ in range(FREE_FAILURES + 1):
        with pytest.raises(LogError) as refused:
            desk.staff.sign_in.with_password(name, "wrong", "123456")
        answers.append((refusal(refused), refused.value.zh))
    assert [code for code, _ in answers] == ["sign-in-failed"] * FREE_FAILURES + ["sign-in-paused"]
    assert answers[-1][1] == "多次登录失败，请2分钟后再试。"
    desk.clock.advance(seconds=61)
    if name == "zhang":
        desk.staff.sign_in.with_password(name, GOOD_PASSWORD, desk.code(name))


@pytest.mark.slow
@pytest.mark.parametrize("way", ["sign-in", "password"])
def test_of_guesses_at_the_same_time_no_more_pass_than_one_after_another(desk: DeskSite, way: str) -> None:
    """Also of several processes: each thread has a store of its own."""
    desk.add("zhang", "填报")

    def guess(number: int) -> str:
        with closing(open_staff(desk.settings, create=False, clock=desk.clock)) as staff:
            own = {"current": f"wrong {number}", "new": GOOD_PASSWORD}
            try:
                if way == "sign-in":
                    staff.sign_in.with_password("zhang", f"wrong {number}", "123456")
                else:
                    staff.accounts.change_password("zhang", **own)
            except LogError as error:
                return error.code
            return "right"

    with ThreadPoolExecutor(12) as threads:
        codes = Counter(threads.map(guess, range(12)))
    assert codes == {"sign-in-failed": FREE_FAILURES, "sign-in-paused": 12 - FREE_FAILURES}
    desk.clock.advance(seconds=61)
    desk.staff.sign_in.with_password("zhang", GOOD_PASSWORD, desk.code("zhang"))  # forgets them
    desk.clock.advance(seconds=61)
    assert refused_sign_in(desk, "000000") == "sign-in-failed"
    assert desk.staff.audit.events(limit=1)[0].details == {"failures": 1}


def test_pauses_grow_to_an_hour() -> None:
    pauses = [pause_after(failures) for failures in range(FREE_FAILURES - 1, FREE_FAILURES + 4)]
    assert pauses == [timedelta(minutes=minutes) for minutes in (0, 1, 2, 4, 8)]
    assert pause_after(10_000) == LONGEST_PAUSE


@pytest.mark.slow
def test_a_disabled_account_signs_in_no_more_and_its_name_stays_taken(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    desk.staff.accounts.disable("zhang")
    assert refused_sign_in(desk, desk.code("zhang")) == "sign-in-failed"
    with pytest.raises(LogError) as refused:
        desk.staff.accounts.add("zhang", "", [])
    assert refusal(refused) == "account-exists"
    with pytest.raises(LogError, match="is disabled and cannot be invited"):
        desk.staff.accounts.invite("zhang")


@pytest.mark.slow
def test_nobody_changes_his_own_roles(desk: DeskSite) -> None:
    desk.add("an", "安全管理")
    with pytest.raises(LogError) as refused:
        desk.staff.accounts.change_roles("an", [parse_grant("审核")], by="an")
    assert refusal(refused) == "own-roles"


@pytest.mark.slow
def test_roles_that_are_added_and_taken_away_at_once_are_all_changed(desk: DeskSite) -> None:
    """Each form says what changes, and not what the roles are: the page that it stands on is of before."""
    accounts = desk.staff.accounts
    desk.add("an", "安全管理")
    kinds = ("填报", "审核", "发布")
    before = [f"{kind}:fees" for kind in kinds]
    accounts.add("li", "", [parse_grant(grant) for grant in before])
    added = [{"role": kind, "scope": f"fees:{part}"} for kind in kinds for part in ("财政局", "民政局")]
    changes = [{"remove": grant} for grant in before] + added
    with desk.signed_in("an") as browser, ThreadPoolExecutor(len(changes)) as threads:
        token = forms(browser.see("/accounts/li"))["/accounts/li/roles"].fields["_csrf_token"]
        cookies = dict(browser.client.cookies)

        def change(typed: dict[str, str]) -> int:
            with desk.browser() as other:
                other.client.cookies.update(cookies)
                sent = {"_csrf_token": token, **typed}
                return other.client.post("/accounts/li/roles", data=sent, follow_redirects=False).status_code

        assert set(threads.map(change, changes)) == {303}
    assert sorted(map(str, accounts.get("li").grants)) == sorted(":".join(one.values()) for one in added)


@pytest.mark.slow
def test_no_secret_is_in_the_store(desk: DeskSite) -> None:
    token = desk.staff.accounts.add("zhang", "", [])
    desk.staff.accounts.accept(
        token, password=GOOD_PASSWORD, totp_secret=SECRET, code=code_at(SECRET, desk.clock.now)
    )
    other = desk.staff.accounts.add("li", "", [])
    with desk.staff.store.read() as conn:
        rows = repr([conn.execute(table.select()).all() for table in t.metadata.sorted_tables])
    assert "$argon2id$" in rows
    for secret in (GOOD_PASSWORD, SECRET, token, other):
        assert secret not in rows


@pytest.mark.slow
def test_every_change_of_accounts_is_a_line_of_the_audit_log(desk: DeskSite) -> None:
    accounts = desk.staff.accounts
    desk.add("zhang", "填报")
    accounts.change_roles("zhang", [parse_grant("审核:fees")], by="an")
    with pytest.raises(LogError):
        desk.staff.sign_in.with_password("a password in the wrong field", "wrong", "1", address="mac")
    accounts.disable("zhang", by="an")
    events = desk.staff.audit.events()
    assert [(e.kind, e.actor, e.subject) for e in reversed(events)] == [
        ("account-added", "", "zhang"),
        ("invitation-accepted", "zhang", "zhang"),
        ("roles-changed", "an", "zhang"),
        ("sign-in-failed", "", ""),
        ("account-disabled", "an", "zhang"),
    ]
    assert events[2].details == {"before": ["填报"], "after": ["审核:fees"]}
    assert events[1].address == "mac"


@pytest.mark.slow
def test_anyone_can_hash_the_audit_log_again(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    previous = "0" * 64
    for line in desk.staff.audit.lines():
        assert json.loads(line)["previous"] == previous
        previous = hashlib.sha256(line.encode()).hexdigest()
    assert desk.staff.audit.head() == AuditHead(2, previous)
    assert desk.staff.audit.verify(AuditHead(1, json.loads(line)["previous"])) == []


@pytest.mark.slow
def test_the_database_refuses_to_change_the_audit_log(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    for statement in (update(t.audit).values(line="{}"), t.audit.delete()):
        with pytest.raises(DBAPIError, match="append only"), desk.staff.store.write() as conn:
            conn.execute(statement)


@pytest.mark.slow
def test_who_defeats_the_database_is_found_by_the_chain(desk: DeskSite) -> None:
    desk.add("zhang", "填报")
    desk.add("li", "审核")
    head, store = desk.staff.audit.head(), desk.staff.store
    with store.write() as conn:
        if store.file:
            conn.execute(text("DROP TRIGGER audit_no_UPDATE"))
            conn.execute(text("DROP TRIGGER audit_no_DELETE"))
        else:
            conn.execute(text(f"DROP TRIGGER audit_append_only ON {t.SCHEMA}.audit"))
        is_second = t.audit.c.number == 2
        line = conn.scalar(t.audit.select().with_only_columns(t.audit.c.line).where(is_second))
        assert line
        forged = line.replace("zhang", "wang")
        digest = hashlib.sha256(forged.encode()).hexdigest()
        conn.execute(update(t.audit).where(is_second).values(line=forged, hash=digest))
    assert desk.staff.audit.verify() == ["line 3: it does not continue line 2"]
    with store.write() as conn:
        conn.execute(t.audit.delete().where(t.audit.c.number > 1))
    assert desk.staff.audit.verify() == []
    assert desk.staff.audit.verify(head) == ["lines 2 to 4 are missing"]


@pytest.mark.slow
def test_two_groups_with_one_role_change_nothing_at_the_next_sign_in(desk: DeskSite) -> None:
    roles = [("甲组", "填报"), ("乙组", "填报")]
    identities = Identities(desk.staff.store, roles, desk.clock)
    person = Identity("https://id.example", "1", "zhang", "张三", ("甲组", "乙组"))
    for _ in range(2):
        identities.sign_in(person, address="mac")
    events = desk.staff.audit.events()
    assert [one.kind for one in events] == ["sign-in", "sign-in", "roles-changed", "account-added"]
    assert {one.address for one in events} == {"mac"}
