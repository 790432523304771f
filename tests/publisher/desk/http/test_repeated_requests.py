"""A request with an ``Idempotency-Key`` is carried out once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from publisher.desk.accounts.roles import Action, parse_grant
from publisher.desk.accounts.stored_answers import MOST_ANSWERS, StoredAnswer
from publisher.log.model import LogError
from tests.publisher.desk.accounts.test_tokens import program
from tests.publisher.desk.api.test_routes import CSV, HEADING
from tests.support.command import Home
from tests.support.desk import DeskSite, call_api
from tests.support.log import entry, release, stage

ACTIONS = [Action.READ_DRAFT, Action.HAND_IN, Action.SUBMIT]
KEY = {"idempotency-key": "night-1"}
SUBMIT = "/desk/v1/drafts/fees/submit"


@pytest.fixture
def secret(desk: DeskSite) -> str:
    desk.add("zhang", "填报:fees")
    secret, _ = desk.staff.tokens.add("zhang", "系统", dataset="fees", part=None, actions=ACTIONS)
    return secret


def submissions(desk: DeskSite) -> int:
    return len(desk.log.approvals.list(states=("submitted", "approved", "replaced")))


@pytest.mark.both_databases
def test_a_repeated_request_is_answered_as_the_first_and_does_nothing(desk: DeskSite, secret: str) -> None:
    stage(desk.log, entry("甲"), part="财政局")
    with program(desk, secret) as client:
        first = client.post(SUBMIT, json=HEADING, headers=KEY)
        desk.clock.advance(hours=23)
        again = client.post(SUBMIT, json=HEADING, headers=KEY)
        assert first.status_code == again.status_code == 201
        assert first.content == again.content
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
        assert submissions(desk) == 1
        desk.clock.advance(hours=2)  # a day later the key is forgotten
        assert client.post(SUBMIT, json=HEADING, headers=KEY).json()["key"] != first.json()["key"]
        assert client.post(SUBMIT, json=HEADING).status_code == 201
        assert submissions(desk) == 3


@pytest.mark.slow
@pytest.mark.both_databases
def test_an_erasure_deletes_the_stored_answers(
    desk: DeskSite, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(desk.log, entry("甲"), part="财政局")
    stage(desk.log, entry("乙"), part="财政局")
    with program(desk, secret) as client:
        client.post(SUBMIT, json=HEADING, headers=KEY)
        assert "idempotency-replayed" in client.post(SUBMIT, json=HEADING, headers=KEY).headers
        monkeypatch.setenv("QINGDAN_DATABASE", desk.settings.database)
        home = Home(desk.settings.home)
        home.ok("erase", "fees", "甲", "--ground", "（2026）法民初1号", "--yes")
        assert "idempotency-replayed" not in client.post(SUBMIT, json=HEADING, headers=KEY).headers


def test_a_refusal_is_repeated_too(desk: DeskSite, secret: str) -> None:
    with program(desk, secret) as client:
        first = client.post(SUBMIT, json=HEADING, headers=KEY)
        assert (first.status_code, first.json()["code"]) == (409, "no-draft")
        stage(desk.log, entry("甲"), part="财政局")
        again = client.post(SUBMIT, json=HEADING, headers=KEY)
        assert (again.status_code, again.content) == (409, first.content)
        assert again.headers["content-type"].startswith("application/problem+json")
        assert client.post(SUBMIT, json=HEADING, headers={"idempotency-key": "night-2"}).status_code == 201


@pytest.mark.slow
def test_a_refusal_for_want_of_a_role_is_repeated_too(desk: DeskSite) -> None:
    stage(desk.log, entry("甲"), part="财政局")
    desk.add("zhang", "填报:fees:民政局")
    headers = {"idempotency-key": "night-1"}
    with desk.signed_in("zhang") as browser:
        first = call_api(browser, "/drafts/fees/submit", HEADING, headers)
        assert (first.status_code, first.json()["code"]) == (403, "not-permitted")
        desk.staff.accounts.change_roles("zhang", [parse_grant("填报:fees")])
        again = call_api(browser, "/drafts/fees/submit", HEADING, headers)
        assert (again.status_code, again.content) == (403, first.content)
        assert call_api(browser, "/drafts/fees/submit", HEADING).status_code == 201


def test_another_body_under_the_same_key_is_refused(desk: DeskSite, secret: str) -> None:
    stage(desk.log, entry("甲"), part="财政局")
    with program(desk, secret) as client:
        client.post(SUBMIT, json=HEADING, headers=KEY)
        for path, body in ((SUBMIT, {**HEADING, "note": "x"}), ("/desk/v1/drafts/fees/imports", None)):
            answer = client.post(path, json=body, headers=KEY) if body else import_file(client, CSV)
            assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert submissions(desk) == 1


def import_file(client: Any, data: bytes, name: str = "财政局.csv") -> Any:
    files = {"files": (name, data)}
    return client.post("/desk/v1/drafts/fees/imports", data={"part": "财政局"}, files=files, headers=KEY)


def test_a_form_is_the_same_with_another_boundary_and_another_with_other_files(
    desk: DeskSite, secret: str
) -> None:
    with program(desk, secret) as client:
        first, again = import_file(client, CSV), import_file(client, CSV)
        assert first.request.headers["content-type"] != again.request.headers["content-type"]
        assert first.content == again.content
        assert again.headers["idempotency-replayed"] == "true"
        assert first.json()["records"] == 2
        for data, name in ((CSV + b"\n", "财政局.csv"), (CSV, "财政局2.csv")):
            assert import_file(client, data, name).status_code == 422
    assert [event.kind for event in desk.staff.audit.events()].count("imported") == 1


def test_a_key_is_its_caller_s_own(desk: DeskSite, secret: str) -> None:
    """Another token, or the same person in a browser, does not get what the first was answered."""
    stage(desk.log, entry("甲"), part="财政局")
    other, _ = desk.staff.tokens.add("zhang", "另一系统", dataset="fees", part=None, actions=ACTIONS)
    with program(desk, secret) as client, program(desk, other) as second:
        assert client.post(SUBMIT, json=HEADING, headers=KEY).status_code == 201
        assert "idempotency-replayed" not in second.post(SUBMIT, json=HEADING, headers=KEY).headers


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "键"])
def test_a_key_that_is_none_is_refused(desk: DeskSite, secret: str, key: str) -> None:
    with program(desk, secret) as client:
        answer = client.post(SUBMIT, json=HEADING, headers={b"idempotency-key": key.encode()})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-idempotency-key")


def test_of_the_same_requests_at_once_one_is_carried_out(desk: DeskSite, secret: str) -> None:
    stage(desk.log, entry("甲"), part="财政局")
    ready = threading.Barrier(8)

    def send(_: int) -> Any:
        with program(desk, secret) as client:
            ready.wait()
            return client.post(SUBMIT, json=HEADING, headers=KEY)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in made}) == 1
    for answer in answers:
        assert answer in made or answer.json()["code"] == "idempotency-key-in-use"
    assert submissions(desk) == 1


def test_while_a_request_runs_the_same_key_waits(desk: DeskSite) -> None:
    answers = desk.staff.answers
    with answers.only_one("zhang", "k"):
        with pytest.raises(LogError) as refused, answers.only_one("zhang", "k"):
            pass
        with answers.only_one("li", "k"):
            pass
    assert refused.value.code == "idempotency-key-in-use"
    with answers.only_one("zhang", "k"):
        pass


@pytest.mark.slow
def test_answers_of_a_caller_are_bounded(desk: DeskSite) -> None:
    answers = desk.staff.answers
    for number in range(MOST_ANSWERS + 5):
        answers.keep("zhang", str(number), "r", StoredAnswer(200, "application/json", b"{}"))
        desk.clock.advance(seconds=1)
    kept = [n for n in range(MOST_ANSWERS + 5) if answers.find("zhang", str(n), "r")]
    assert kept == list(range(5, MOST_ANSWERS + 5))
