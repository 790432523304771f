"""The desk's API: a draft is handed in, submitted, approved and published by programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.desk import work
from publisher.log.approvals.submission import PublicationRequest, Submission
from tests.support.desk import DeskSite, call_api
from tests.support.log import entry, release, stage

HEADING = {
    "effective_on": "2020-01-01",
    "basis": "示财〔2020〕1号",
    "secrecy_reviewed_by": "保密员",
    "secrecy_reviewed_on": "2020-01-01",
}
CSV = "名称,地点,标准\n甲,市区,1\n乙,市区,2\n".encode()


@pytest.mark.slow
def test_a_draft_goes_its_way_by_the_api(desk: DeskSite) -> None:
    desk.log.datasets.change("fees", two_persons=True)
    for name, role in (("zhang", "填报:fees:财政局"), ("li", "审核"), ("wang", "发布")):
        desk.add(name, role)
    with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer, desk.signed_in("wang") as last:
        report = call_api(
            drafter, "/drafts/fees/imports", data={"part": "财政局"}, files={"files": ("财政局.csv", CSV)}
        )
        assert report.status_code == 200, report.text
        assert report.json()["records"] == 2
        assert drafter.client.get("/desk/v1/drafts/fees").json()["imports"][0]["part"] == "财政局"
        diff = drafter.client.get("/desk/v1/drafts/fees/diff").json()
        assert [change["title"] for change in diff["changes"]] == ["甲", "乙"]
        assert drafter.client.get("/desk/v1/drafts/fees/findings").status_code == 200
        one = call_api(drafter, "/drafts/fees/submit", {**HEADING, "parts": ["财政局"]}).json()
        assert (one["state"], one["is_current"]) == ("submitted", True)
        key, digest = one["key"], {"digest": one["digest"]}
        assert call_api(drafter, f"/submissions/{key}/approve", digest).status_code == 403
        assert call_api(last, f"/submissions/{key}/publish", digest).json()["code"] == "approval-needed"
        moved = call_api(reviewer, f"/submissions/{key}/approve", {"digest": "0" * 64})
        assert (moved.status_code, moved.json()["code"]) == (409, "digest-moved")
        assert moved.headers["content-type"].startswith("application/problem+json")
        assert call_api(reviewer, f"/submissions/{key}/approve", digest).json()["state"] == "approved"
        published = call_api(last, f"/submissions/{key}/publish", digest).json()
        assert published["release"] == 1
        again = call_api(last, f"/submissions/{key}/publish", digest)
        assert again.status_code == 409
    assert len(desk.log.queries.releases("fees")) == 1


@pytest.mark.slow
def test_a_clerk_of_one_part_reads_no_other(desk: DeskSite) -> None:
    desk.add("zhang", "填报:fees:财政局")
    release(desk.log, entry("旧"), part="民政局")
    stage(desk.log, entry("密"), part="民政局")
    with desk.signed_in("zhang") as browser:
        assert browser.client.get("/desk/v1/drafts/fees").json()["imports"] == []
        assert browser.client.get("/desk/v1/drafts/fees/diff").json()["code"] == "no-draft"
        assert call_api(browser, "/drafts/fees/submit", {**HEADING, "parts": ["民政局"]}).status_code == 403
        assert call_api(browser, "/drafts/fees/submit", HEADING).status_code == 403
        assert browser.client.get("/desk/v1/submissions").json() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "left_out"), [("true", 2), ("false", 0), ("", 0), ("0", None), ("yes", None)]
)
def test_only_true_leaves_out_what_is_in_error(desk: DeskSite, word: str, left_out: int | None) -> None:
    desk.add("zhang", "填报:fees")
    data = {"part": "财政局", "without_errors": word}
    files = {"files": ("财政局.csv", "名称,标准\n甲,1\n甲,2\n乙,3\n".encode())}
    with desk.signed_in("zhang") as browser:
        answer = call_api(browser, "/drafts/fees/imports", data=data, files=files)
        if left_out is None:
            assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")
            assert "without_errors" in answer.json()["errors"][0]
        else:
            assert answer.json()["in_error"] == 2
            draft = desk.log.drafts.get("fees")
            assert draft is not None
            rows = [row for one in draft.imports for row in one.left_out]
            assert len([row for row in rows if row.get("reason") == "error"]) == left_out


@pytest.mark.slow
@pytest.mark.parametrize("two_persons", [True, False])
def test_a_submission_that_is_returned_meanwhile_is_not_published(
    desk: DeskSite, monkeypatch: pytest.MonkeyPatch, *, two_persons: bool
) -> None:
    """The reviewer takes the approval back while a publisher's request is on its way."""
    desk.log.datasets.change("fees", two_persons=two_persons)
    desk.add("wang", "发布")
    stage(desk.log, entry("甲"), part="财政局")
    request = PublicationRequest(kind="draft", effective_on=desk.clock.now.date(), parts=("财政局",))
    one = desk.log.approvals.submit("fees", request, drafter="zhang")
    desk.log.approvals.approve(one.key, digest=one.digest, reviewer="li")
    check = work.require_publishable

    def check_and_return(*arguments: Any) -> Submission:
        checked = check(*arguments)
        desk.log.approvals.return_(one.key, reviewer="li", reason="有误")
        return checked

    monkeypatch.setattr(work, "require_publishable", check_and_return)
    with desk.signed_in("wang") as browser:
        refused = call_api(browser, f"/submissions/{one.key}/publish", {"digest": one.digest})
    assert (refused.status_code, refused.json()["code"]) == (409, "approval-needed")
    assert desk.log.queries.releases("fees") == ()
    assert desk.log.drafts.get("fees") is not None


@pytest.mark.slow
def test_what_was_handed_in_without_its_errors_is_published_without_them(desk: DeskSite) -> None:
    desk.log.datasets.change("fees", two_persons=True)
    for name, role in (("zhang", "填报"), ("li", "审核"), ("wang", "发布")):
        desk.add(name, role)
    data = {"part": "财政局", "without_errors": "true"}
    files = {"files": ("财政局.csv", "名称,标准\n甲,1\n甲,2\n乙,3\n".encode())}
    with desk.signed_in("zhang") as drafter, desk.signed_in("li") as reviewer, desk.signed_in("wang") as last:
        call_api(drafter, "/drafts/fees/imports", data=data, files=files)
        one = call_api(drafter, "/drafts/fees/submit", {**HEADING, "parts": ["财政局"]}).json()
        digest = {"digest": one["digest"]}
        call_api(reviewer, f"/submissions/{one['key']}/approve", digest)
        published = call_api(last, f"/submissions/{one['key']}/publish", digest)
    assert published.json()["release"] == 1, published.text
    assert desk.log.queries.release("fees", 1).counts["records"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/desk/v1/submissions/7", 404, "no-such-submission"),
        ("/desk/v1/drafts/none", 404, "no-such-dataset"),
        ("/desk/v1/none", 404, "no-such-route"),
    ],
)
def test_errors_are_problem_documents(desk: DeskSite, path: str, status: int, code: str) -> None:
    desk.add("li", "审核")
    with desk.signed_in("li") as browser:
        answer = browser.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_who_is_not_signed_in_gets_a_problem_and_no_page(desk: DeskSite) -> None:
    with desk.browser() as browser:
        answer = browser.client.get("/desk/v1/submissions", follow_redirects=False)
        assert (answer.status_code, answer.json()["code"]) == (401, "sign-in-needed")


@pytest.mark.slow
def test_what_is_not_public_stays_in_the_draft(desk: DeskSite) -> None:
    desk.add("zhang", "填报:fees")
    stage(desk.log, entry("甲"))
    with desk.signed_in("zhang") as browser:
        answer = call_api(browser, "/drafts/fees/submit", {**HEADING, "openness": "不予公开"})
        assert (answer.status_code, answer.json()["code"]) == (409, "not-for-the-public")


@pytest.mark.slow
@pytest.mark.parametrize("body", [b'"\xff"', b'{"digest":' + b"[" * 100_000, b"{"])
def test_a_body_that_cannot_be_decoded_is_a_bad_request(desk: DeskSite, body: bytes) -> None:
    desk.add("li", "审核")
    with desk.signed_in("li") as browser:
        browser.see("/")
        headers = {"x-csrftoken": browser.client.cookies["form"], "content-type": "application/json"}
        answer = browser.client.post("/desk/v1/submissions/1/approve", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")


@pytest.mark.slow
def test_a_program_sees_what_its_choices_would_change(desk: DeskSite) -> None:
    for name, role in (("zhang", "填报"), ("sun", "填报:fees:民政局")):
        desk.add(name, role)
    later = desk.clock.now.date() + timedelta(days=90)
    release(desk.log, entry("甲"), part="财政局")
    release(desk.log, entry("甲"), entry("乙"), part="财政局", on=later)
    stage(desk.log, entry("甲"), part="财政局")
    stage(desk.log, entry("丙"), part="民政局")
    path = "/desk/v1/drafts/fees/diff"
    with desk.signed_in("zhang") as browser, desk.signed_in("sun") as other:
        refused = browser.client.get(path, params={"part": "财政局"}).json()
        assert [one["code"] for one in refused["conflicts"]] == ["later-effect"]
        choices = {"part": "财政局", "on_conflict": "replace", "without_errors": "true"}
        diff = browser.client.get(path, params=choices).json()
        assert [(one["kind"], one["title"]) for one in diff["changes"]] == [("removed", "乙")]
        assert diff["conflicts"] == []
        after = browser.client.get(path, params={**choices, "effective_on": str(later)}).json()
        assert [one["title"] for one in after["changes"]] == ["乙"]
        assert browser.client.get(path, params={"on_conflict": "both"}).status_code == 400
        assert other.client.get(path, params=choices).status_code == 403
        own = {**HEADING, "parts": ["财政局"], "on_conflict": "replace", "note": "清理"}
        one = call_api(browser, "/drafts/fees/submit", own).json()
        assert (one["on_conflict"], one["without_errors"]) == ("replace", False)


@pytest.mark.slow
def test_rows_in_error_that_an_import_leaves_out_are_no_conflict(desk: DeskSite) -> None:
    desk.add("zhang", "填报:fees")
    path, data = "/desk/v1/drafts/fees/diff", {"part": "财政局"}
    files = {"files": ("财政局.csv", "名称,标准\n甲,1\n甲,2\n乙,3\n".encode())}
    with desk.signed_in("zhang") as browser:
        call_api(browser, "/drafts/fees/imports", data=data, files=files)
        (conflict,) = browser.client.get(path).json()["conflicts"]
        assert conflict["code"] == "rows-in-error"
        assert browser.client.get(path, params={"without_errors": "true"}).json()["conflicts"] == []
        call_api(browser, "/drafts/fees/imports", data={**data, "without_errors": "true"}, files=files)
        assert browser.client.get(path).json()["conflicts"] == []
