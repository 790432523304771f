"""Tokens of programs: never more than the account may, and nothing after they ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient
from sqlalchemy import create_engine, select, text

from publisher.cli.commands.operation import desk as command
from publisher.desk.accounts import tables as t
from publisher.desk.accounts.roles import TOKEN_ACTIONS, Action, parse_grant
from publisher.desk.accounts.tokens import DAYS
from publisher.desk.app import create_desk_app
from publisher.desk.desk import open_staff
from publisher.log.model import LogError
from publisher.settings import read_settings
from tests.publisher.desk.api.test_routes import CSV, HEADING
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import DESK, DeskSite, desk_site, forms
from tests.support.log import entry, stage
from tests.support.servers.http_service import address, loopback_socket, serving
from tests.support.servers.loopback import Answer, WebRequest, Write, loopback_server

PROGRAM = Path(__file__).parents[4] / "docs" / "examples" / "nightly_list.py"
ALL = tuple(TOKEN_ACTIONS)


def test_the_command_knows_the_actions_and_days_of_a_token() -> None:
    assert command._TOKEN_ACTIONS == TOKEN_ACTIONS
    assert command._TOKEN_DAYS == DAYS


def issue(desk: DeskSite, account: str, *, part: str | None = "财政局", days: int = 90) -> str:
    secret, _ = desk.staff.tokens.add(
        account, "办公系统", dataset="fees", part=part, actions=[Action.READ_DRAFT, Action.HAND_IN], days=days
    )
    return secret


@contextmanager
def program(desk: DeskSite, secret: str) -> Iterator[httpx.Client]:
    client: httpx.Client = TestClient(desk.app, base_url=DESK)  # without a lifespan, so that many may be open
    client.headers["authorization"] = f"Bearer {secret}"
    yield client


def import_csv(client: httpx.Client, part: str = "财政局", **headers: str) -> Any:
    return client.post(
        "/desk/v1/drafts/fees/imports",
        data={"part": part},
        files={"files": ("财政局.csv", CSV)},
        headers=headers,
    )


def test_a_program_hands_in_without_cookie_and_form_token(desk: DeskSite) -> None:
    desk.add("zhang", "填报:fees:财政局")
    with program(desk, issue(desk, "zhang")) as client:
        answer = import_csv(client)
        assert answer.status_code == 200, answer.text
        assert answer.json()["staged"]
        assert not client.cookies
    (event, *_) = desk.staff.audit.events()
    assert (event.kind, event.actor, event.details["token"]) == ("imported", "zhang", 1)


def test_a_token_reaches_its_dataset_its_part_and_its_actions_only(desk: DeskSite) -> None:
    desk.add("zhang", "填报", "发布")
    stage(desk.log, entry("密"), part="民政局")
    with program(desk, issue(desk, "zhang")) as client:
        assert import_csv(client, part="民政局").status_code == 403
        assert client.get("/desk/v1/drafts/fees").json()["imports"] == []
        assert client.get("/desk/v1/drafts/others").status_code == 403
        assert client.post("/desk/v1/drafts/fees/submit", json=HEADING).status_code == 403
        assert client.post("/desk/v1/submissions/1/publish", json={"digest": "0" * 64}).status_code == 403


@pytest.mark.slow
def test_a_token_opens_no_page_and_the_form_token_is_still_needed_there(desk: DeskSite) -> None:
    desk.add("zhang", "填报:fees")
    with program(desk, issue(desk, "zhang")) as client:
        for path in ("/", "/drafts/fees", "/password"):
            assert client.get(path, follow_redirects=False).status_code == 303
        assert client.post("/sign-out", follow_redirects=False).headers["location"] == "/sign-in"
    with desk.signed_in("zhang") as browser:
        # Neither does a header of another kind, as proxies add it, replace the form token.
        for value in ("Basic emhhbmc6", "Bearer"):
            answer = browser.client.post(
                "/desk/v1/drafts/fees/submit", json=HEADING, headers={"authorization": value}
            )
            assert answer.status_code in (401, 403), value


@pytest.mark.slow
@pytest.mark.parametrize("end", ["expired", "revoked", "disabled", "unknown"])
def test_a_token_that_ended_is_refused(desk: DeskSite, end: str) -> None:
    desk.add("zhang", "填报:fees")
    secret = issue(desk, "zhang", days=7)
    with program(desk, secret) as client:
        assert client.get("/desk/v1/drafts/fees").status_code == 200
        match end:
            case "expired":
                desk.clock.advance(days=7)
            case "revoked":
                desk.staff.tokens.revoke(1)
            case "disabled":
                desk.staff.accounts.disable("zhang")
            case "unknown":
                client.headers["authorization"] = f"Bearer {secret[:-1]}"
        answer = client.get("/desk/v1/drafts/fees")
        assert (answer.status_code, answer.json()["code"]) == (401, "sign-in-needed")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_role_that_is_taken_away_is_taken_from_the_token_too(desk: DeskSite) -> None:
    desk.add("zhang", "填报:fees")
    with program(desk, issue(desk, "zhang")) as client:
        assert import_csv(client).status_code == 200
        desk.staff.accounts.change_roles("zhang", [parse_grant("填报:fees:民政局")])
        assert import_csv(client).status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "actions"),
    [(None, [Action.HAND_IN]), ("民政局", [Action.HAND_IN]), ("财政局", [Action.PUBLISH])],
)
def test_no_token_is_added_beyond_its_account(
    desk: DeskSite, part: str | None, actions: list[Action]
) -> None:
    desk.add("zhang", "填报:fees:财政局")
    with pytest.raises(LogError) as refused:
        desk.staff.tokens.add("zhang", "系统", dataset="fees", part=part, actions=actions)
    assert refused.value.code == "token-beyond-account"
    assert desk.staff.tokens.all() == []


@pytest.mark.slow
@pytest.mark.parametrize("action", sorted(set(Action) - set(ALL)))
def test_a_program_is_no_second_person_and_no_officer(desk: DeskSite, action: Action) -> None:
    desk.add("li", "填报", "审核", "发布", "安全管理")
    with pytest.raises(LogError) as refused:
        desk.staff.tokens.add("li", "系统", dataset="fees", part=None, actions=[Action.HAND_IN, action])
    assert refused.value.code == "bad-token-scope"


@pytest.mark.slow
@pytest.mark.parametrize(("label", "days"), [("系统", 0), ("系统", 367), (" ", 90), ("系" * 101, 90)])
def test_a_token_has_an_end_and_a_name(desk: DeskSite, label: str, days: int) -> None:
    desk.add("zhang", "填报")
    with pytest.raises(LogError) as refused:
        desk.staff.tokens.add("zhang", label, dataset="fees", part=None, actions=[Action.HAND_IN], days=days)
    assert refused.value.code == "bad-token-scope"


@pytest.mark.slow
def test_two_persons_are_needed_for_a_program_too(desk: DeskSite) -> None:
    """One account with all roles, and its token with all that a token may: nothing is published."""
    desk.log.datasets.change("fees", two_persons=True)
    desk.add("zhang", "填报", "审核", "发布")
    secret, _ = desk.staff.tokens.add("zhang", "系统", dataset="fees", part=None, actions=ALL)
    with program(desk, secret) as client:
        assert import_csv(client).status_code == 200
        one = client.post("/desk/v1/drafts/fees/submit", json={**HEADING, "parts": ["财政局"]}).json()
        digest = {"digest": one["digest"]}
        assert client.post(f"/desk/v1/submissions/{one['key']}/approve", json=digest).status_code == 403
        refused = client.post(f"/desk/v1/submissions/{one['key']}/publish", json=digest)
        assert refused.json()["code"] == "approval-needed"
        desk.log.approvals.approve(one["key"], digest=one["digest"], reviewer="li")
        refused = client.post(f"/desk/v1/submissions/{one['key']}/publish", json=digest)
        assert refused.json()["code"] == "same-person"
    assert desk.log.queries.releases("fees") == ()


@pytest.mark.slow
@pytest.mark.both_databases
def test_the_secret_is_not_stored_and_the_last_use_is_listed(desk: DeskSite) -> None:
    desk.add("zhang", "填报:fees")
    secret = issue(desk, "zhang")
    assert desk.staff.tokens.all()[0].used_at is None
    with program(desk, secret) as client:
        for _ in range(3):
            client.get("/desk/v1/drafts/fees")
            desk.clock.advance(seconds=59)
    used_at, now = desk.staff.tokens.all()[0].used_at, desk.clock.now
    assert used_at is not None
    assert timedelta(0) <= now - used_at <= timedelta(minutes=2)
    with desk.staff.store.read() as conn:
        stored = [str(tuple(row)) for table in (t.token, t.audit) for row in conn.execute(select(table))]
    assert secret not in "".join(stored)
    kinds = [event.kind for event in desk.staff.audit.events()]
    assert kinds.count("token-added") == 1


def test_a_desk_of_the_first_version_gets_the_new_tables(tmp_path: Path, clock: Clock) -> None:
    url = sqlite.new(tmp_path / "qingdan.db")
    with desk_site(tmp_path, url, clock) as desk:
        desk.add("zhang", "填报:fees")
        head, file = desk.staff.audit.head(), desk.settings.desk
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as conn:
        for statement in ("DROP TABLE token", "DROP TABLE answer", "UPDATE version SET number = 1"):
            conn.execute(text(statement))
    engine.dispose()
    settings = read_settings(tmp_path, {"QINGDAN_DATABASE": url, "QINGDAN_DESK_BASE": DESK})
    with closing(open_staff(settings, clock=clock)) as staff:
        assert staff.audit.verify(head) == []
        staff.tokens.add("zhang", "系统", dataset="fees", part=None, actions=[Action.HAND_IN])
        assert len(staff.tokens.all()) == 1


def nightly(base: str, secret: str, file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROGRAM), base, "fees", "财政局", str(file), "示财〔2020〕1号"],
        env={"QINGDAN_TOKEN": secret, "SECRECY_REVIEWED_BY": "保密员"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.slow
def test_the_program_of_the_documentation_hands_in_each_night(tmp_path: Path, clock: Clock) -> None:
    bound = loopback_socket()
    base, url = address(bound), sqlite.new(tmp_path / "qingdan.db")
    with (
        desk_site(tmp_path, url, clock, QINGDAN_DESK_BASE=base) as desk,
        serving(create_desk_app(desk.settings, desk.log, desk.staff, clock=clock), bound),
    ):
        desk.add("zhang", "填报:fees:财政局")
        actions = [Action.READ_DRAFT, Action.HAND_IN, Action.SUBMIT]
        secret, _ = desk.staff.tokens.add("zhang", "系统", dataset="fees", part="财政局", actions=actions)
        file = tmp_path / "财政局.csv"
        file.write_text("名称,地点,标准\n甲,市区,1\n甲,市区,2\n")
        ran = nightly(base, secret, file)
        assert ran.returncode == 1, ran
        assert "财政局.csv" in ran.stderr
        assert desk.log.approvals.list() == []
        file.write_bytes(CSV)
        ran = nightly(base, secret, file)
        assert ran.returncode == 0, ran
        (one,) = desk.log.approvals.list()
        assert ran.stdout == f"submitted 2 changes: {base}/submissions/{one.key}\n"
        assert (one.drafter, one.secrecy.reviewed_by) == ("zhang", "保密员")
        desk.log.approvals.return_(one.key, reviewer="li", reason="请再核对")
        ran = nightly(base, secret, file)  # the same list on the same day
        (again,) = desk.log.approvals.list(states=("submitted",))
        assert ran.stdout == f"submitted 2 changes: {base}/submissions/{again.key}\n"
        desk.clock.advance(days=1)
        assert nightly(base, secret, file).stdout == "waits for review already\n"
        assert len(desk.log.approvals.list(states=("submitted", "replaced"))) == 1
        assert "401" in nightly(base, "qingdan_none", file).stderr


def test_a_page_of_the_desk_has_its_form_token_still(desk: DeskSite) -> None:
    with desk.browser() as browser:
        assert forms(browser.see("/sign-in"))["/sign-in"].fields["_csrf_token"]


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (Answer(b"[]"), "another form"),
        (Answer(b'{"staged": true}'), "another form"),
        (Answer(status=403), "403"),
    ],
)
def test_the_program_ends_with_the_reason_of_an_odd_answer(tmp_path: Path, odd: Answer, reason: str) -> None:
    file = tmp_path / "list.csv"
    file.write_text("收费项目\n甲\n", encoding="utf-8")
    with loopback_server() as web:
        web.answers["/desk/v1/drafts/fees/imports"] = odd
        ran = nightly(web.base, "secret", file)
    assert (ran.returncode, reason in ran.stderr, "Traceback" in ran.stderr) == (1, True, False)


@pytest.mark.slow
@pytest.mark.parametrize("first", [Answer(status=429), Answer(b"<html>")])
def test_the_program_sends_again_what_was_not_answered(tmp_path: Path, first: Answer) -> None:
    file = tmp_path / "list.csv"
    file.write_text("收费项目\n甲\n", encoding="utf-8")
    with loopback_server() as web:

        def busy(_request: WebRequest, _write: Write) -> Answer:
            web.answers["/desk/v1/drafts/fees/imports"] = Answer(b'{"findings": [], "staged": []}')
            return first

        web.answers["/desk/v1/drafts/fees/imports"] = busy
        ran = nightly(web.base, "secret", file)
        keys = {request.headers["idempotency-key"] for request in web.requests}
    assert (ran.returncode, len(web.requests), len(keys)) == (1, 2, 1)
    assert "again in 1 seconds" in ran.stderr
