"""Corrections that readers asked for, accepted and rejected, and responses to findings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from publisher.desk.accounts.acts import Acts
from publisher.desk.accounts.tables import correction
from publisher.desk.acts import complete_acts
from publisher.desk.reader_corrections import settle
from publisher.inbox import tables as t
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.correction import Correction
from publisher.inbox.database import InboxDatabase
from publisher.inbox.inbox import Inbox
from publisher.inbox.public_inbox import PublicInbox
from publisher.log.findings.finding_query import FindingQuery
from tests.publisher.desk.test_amendments import SECRECY
from tests.publisher.log.findings.checked_site import LIST, publish_repealed_basis
from tests.support.command import Home
from tests.support.datasets import create_dataset
from tests.support.desk import DeskSite, approve_and_publish, forms
from tests.support.log import entry, ids, release, standards

pytestmark = pytest.mark.slow
PROOF = "示财发〔2019〕3号写的是9元"


@dataclass
class InboxDesk:
    """A desk whose site takes corrections, and the public's side of the inbox."""

    site: DeskSite
    clerk: Inbox
    public: PublicInbox

    def ask(self, title: str, value: str, proof: str = PROOF) -> tuple[str, str]:
        """Ask for another standard → the token of the receipt, and the address at the desk."""
        record = ids(self.site.log)[title]
        revision = self.site.log.queries.record("fees", record).revision or ""
        token = self.public.submit(
            Correction("fees", record, revision, "standard", value, proof, "张三 13800138000")
        )
        newest = max(self.clerk.list("open"), key=lambda one: one.received_at)
        self.site.clock.advance(seconds=1)
        return token, f"/requests/{newest.id}"


@pytest.fixture
def inbox_desk(desk: DeskSite) -> Iterator[InboxDesk]:
    release(desk.log, entry("甲", "5"), entry("乙", "5"), part="财政局")
    desk.log.datasets.change("fees", two_persons=True)
    roles = {"zhang": "填报:fees:财政局", "sun": "填报:fees:民政局", "li": "审核:fees", "wang": "发布"}
    for name, role in roles.items():
        desk.add(name, role)
    settings, keys = desk.settings, SealKeys(desk.settings.keys)
    where = (settings.database, settings.inbox)
    Inbox.create(*where, keys, clock=desk.clock)
    clerk = Inbox.open(*where, keys, clock=desk.clock)
    public = PublicInbox.open(*where, bytes(32), capacity=10, clock=desk.clock)
    assert clerk is not None
    assert public is not None
    yield InboxDesk(desk, clerk, public)
    clerk.close()
    public.close()


def test_what_a_reader_asked_for_becomes_a_correction_of_two_persons_and_is_accepted_with_it(
    inbox_desk: InboxDesk,
) -> None:
    site = inbox_desk.site
    token, page = inbox_desk.ask("甲", "9")
    with site.signed_in("zhang") as drafter:
        assert "公众纠错" in drafter.see("/")
        assert page in drafter.see("/requests")
        html = drafter.see(page)
        assert PROOF in html
        assert "13800138000" in html
        answer = drafter.send(page, f"{page}/accept", reason="误录", **SECRECY)
        address = answer.headers["location"]
        assert "已提交更正" in drafter.see("/requests")
    inbox_desk.ask("甲", "9", "李四 13900139000 也这样说")  # joins the request, after the clerk read it
    assert inbox_desk.public.status(token).state == "open"  # type: ignore[union-attr]
    assert "已发布" in approve_and_publish(site, address)
    assert standards(site.log) == {"甲": "9", "乙": "5"}
    with site.signed_in("zhang") as drafter:
        assert page not in drafter.see("/requests")
    (accepted,) = inbox_desk.clerk.list("accepted")
    assert (accepted.reason, accepted.proof, accepted.release) == ("误录", PROOF, 2)
    assert inbox_desk.public.status(token).release == 2  # type: ignore[union-attr]
    kinds = [event.kind for event in site.staff.audit.events() if event.subject == "fees"]
    assert kinds == ["published", "approved", "submitted", "contact-read", "contact-read"]


def test_a_desk_that_is_killed_after_the_submission_knows_for_which_request_it_was(
    inbox_desk: InboxDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has the submission; the store of the desk gets its line, and the request, when it starts."""
    site = inbox_desk.site
    _, page = inbox_desk.ask("甲", "9")
    with site.signed_in("zhang") as drafter:
        with monkeypatch.context() as killed:
            killed.setattr(Acts, "finish", lambda *_: sys.exit(9))
            with pytest.raises(SystemExit):
                drafter.send(page, f"{page}/accept", reason="误录", proof="另一依据", **SECRECY)
        complete_acts(site.app.state.desk)
        assert "已提交更正" in drafter.see("/requests")
        (one,) = site.log.approvals.list()
    approve_and_publish(site, f"/submissions/{one.key}")
    settle(site.app.state.desk)
    (accepted,) = inbox_desk.clerk.list("accepted")
    assert (accepted.proof, accepted.release) == ("另一依据", 2)
    assert site.staff.audit.verify() == []
    assert not any("另一依据" in line for line in site.staff.audit.lines())


def test_a_correction_that_is_returned_leaves_the_request_open(inbox_desk: InboxDesk) -> None:
    site = inbox_desk.site
    _, page = inbox_desk.ask("甲", "9")
    with site.signed_in("zhang") as drafter, site.signed_in("li") as reviewer:
        address = drafter.send(page, f"{page}/accept", reason="误录", **SECRECY).headers["location"]
        assert reviewer.send(address, f"{address}/return", reason="再核").status_code == 303
        html = drafter.see("/requests")
        assert page in html
        assert "已提交更正" not in html
    assert len(inbox_desk.clerk.list("open")) == 1


def test_a_request_is_rejected_with_a_reason_for_its_sender(inbox_desk: InboxDesk) -> None:
    site = inbox_desk.site
    token, page = inbox_desk.ask("乙", "8")
    with site.signed_in("zhang") as drafter:
        assert drafter.send(page, f"{page}/reject", reason=" ").status_code == 409
        assert drafter.send(page, f"{page}/reject", reason="与文件不符").status_code == 303
        assert drafter.client.get(page).status_code == 404
    status = inbox_desk.public.status(token)
    assert status is not None
    assert (status.state, status.reason) == ("rejected", "与文件不符")
    assert site.staff.audit.events(limit=1)[0].kind == "correction-rejected"


def test_a_request_whose_correction_waits_is_not_rejected_and_a_decided_one_not_accepted(
    inbox_desk: InboxDesk,
) -> None:
    site = inbox_desk.site
    token, page = inbox_desk.ask("甲", "9")
    with site.signed_in("zhang") as drafter:
        typed = {"reason": "误录", **SECRECY}
        address = drafter.send(page, f"{page}/accept", **typed).headers["location"]
        form = forms(drafter.see(page))[f"{page}/accept"]
        refused = drafter.send(page, f"{page}/reject", reason="与文件不符")
        assert "已提交更正" in refused.text
        assert inbox_desk.public.status(token).state == "open"  # type: ignore[union-attr]
        drafter.send(address, f"{address}/cancel")
        assert drafter.send(page, f"{page}/reject", reason="与文件不符").status_code == 303
        assert drafter.client.post(form.action, data={**form.fields, **typed}).status_code == 404
    assert not site.log.approvals.list()


def test_a_request_that_was_erased_meanwhile_stops_no_page(inbox_desk: InboxDesk) -> None:
    site = inbox_desk.site
    _, page = inbox_desk.ask("甲", "9")
    with site.signed_in("zhang") as drafter:
        address = drafter.send(page, f"{page}/accept", reason="误录", **SECRECY).headers["location"]
    approve_and_publish(site, address)
    inbox_desk.clerk.erase(inbox_desk.clerk.records())
    with site.signed_in("zhang") as drafter:
        assert page not in drafter.see("/")


@pytest.mark.parametrize("way", ["command", "worker"])
def test_an_erasure_takes_the_proof_of_a_correction_that_waits_too(
    inbox_desk: InboxDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    site, proof = inbox_desk.site, "张三家的收费单写的是9元"
    _, page = inbox_desk.ask("甲", "9")
    with site.signed_in("zhang") as drafter:
        drafter.send(page, f"{page}/accept", reason="误录", proof=proof, **SECRECY)
    backups, home = tmp_path / "backups", Home(site.settings.home)
    monkeypatch.setenv("QINGDAN_DATABASE", site.settings.database)
    home.ok("backup", backups)
    assert files_with(proof, site.settings.desk.parent, backups)
    if way == "command":
        home.ok("erase", "fees", "甲", "--ground", "（2026）法民初1号", "--yes")
        home.ok("backup", backups, "--forget-erased")
        assert files_with(proof, site.settings.desk.parent, backups) == []
    else:  # it finds an erasure that was interrupted
        inbox_desk.clerk.erase(inbox_desk.clerk.records())
    settle(site.app.state.desk)
    with site.staff.store.read() as conn:
        assert conn.execute(select(correction)).all() == []


def files_with(text: str, *folders: Path) -> list[Path]:
    files = [file for folder in folders for file in folder.rglob("desk.db*")]
    return [file for file in files if text.encode() in file.read_bytes()]


def test_what_would_publish_personal_data_is_refused_and_another_proof_helps(inbox_desk: InboxDesk) -> None:
    site = inbox_desk.site
    _, page = inbox_desk.ask("甲", "9", proof="我是李四，电话13912345678")
    with site.signed_in("zhang") as drafter:
        refused = drafter.send(page, f"{page}/accept", reason="误录", **SECRECY)
        assert refused.status_code == 409
        assert "请另写公布的依据" in refused.text
        typed = {"reason": "误录", "proof": PROOF, **SECRECY}
        address = drafter.send(page, f"{page}/accept", **typed).headers["location"]
    approve_and_publish(site, address)
    with site.signed_in("zhang") as drafter:
        drafter.see("/requests")
    assert inbox_desk.clerk.list("accepted")[0].proof == PROOF


def test_without_the_key_of_contacts_a_request_is_read_and_rejected(inbox_desk: InboxDesk) -> None:
    site = inbox_desk.site
    token, page = inbox_desk.ask("甲", "9")
    with site.signed_in("zhang") as drafter:
        for key in site.settings.keys.glob("inbox-*.pem"):
            key.unlink()
        assert "cannot be read" in drafter.see(page)
        assert drafter.send(page, f"{page}/reject", reason="与文件不符").status_code == 303
    assert inbox_desk.public.status(token).state == "rejected"  # type: ignore[union-attr]


def test_an_inbox_that_cannot_be_read_is_not_an_empty_list(inbox_desk: InboxDesk) -> None:
    site = inbox_desk.site
    inbox_desk.ask("甲", "9")
    database = InboxDatabase(site.settings.database, site.settings.inbox)
    with closing(database), database.write() as conn:
        conn.execute(t.version.update().values(number=t.VERSION + 1))
    with site.signed_in("zhang") as drafter:
        assert "newer-database" in drafter.client.get("/requests").text


def test_a_clerk_sees_requests_about_his_own_part_only(inbox_desk: InboxDesk) -> None:
    _, page = inbox_desk.ask("甲", "9")
    with inbox_desk.site.signed_in("sun") as other, inbox_desk.site.signed_in("li") as reviewer:
        assert page not in other.see("/requests")
        assert other.client.get(page).status_code == 404
        data = {"_csrf_token": other.client.cookies["form"], "reason": "误录", **SECRECY}
        assert other.client.post(f"{page}/reject", data=data).status_code == 403
        assert other.client.post(f"{page}/accept", data={**data, "value": "9"}).status_code == 403
        assert reviewer.client.get("/requests").status_code == 403
    assert len(inbox_desk.clerk.list("open")) == 1


def test_a_finding_is_answered_in_a_draft_that_goes_to_a_second_person(desk: DeskSite) -> None:
    publish_repealed_basis(desk.log)
    desk.log.findings.update()
    (finding,) = desk.log.findings.page(FindingQuery(datasets=(LIST,))).findings
    roles = {"zhang": (f"填报:{LIST}", "填报:responses"), "sun": (f"填报:{LIST}",)}
    roles |= {"li": ("审核",), "wang": ("发布",)}
    for name, own in roles.items():
        desk.add(name, *own)
    page = f"/answers/{finding.id}"
    with desk.signed_in("sun") as other:
        assert "没有可以列入的回应清单" in other.see(page)
    create_dataset(desk.log, "responses", "responses", body="示例市")
    with desk.signed_in("zhang") as drafter, desk.signed_in("sun") as other:
        assert page in drafter.see("/answers")
        assert page not in forms(other.see(page))
        typed = {"kind": "接受", "respondent": "市档案局", "place": "responses"}
        refused = drafter.send(page, page, text=" ", **typed)
        assert refused.status_code == 409
        refused = drafter.send(page, page, text="计划", responded_on="12026-12-01", **typed)
        assert "日期“12026-12-01”无法识别" in refused.text
        assert forms(refused.text)[page].fields["text"] == "计划"
        sent = drafter.send(page, page, text="已列入修订计划，年内改正", **typed)
        assert sent.headers["location"] == "/drafts/responses"
        token = other.client.cookies["form"]
        data = {**typed, "text": "甲", "_csrf_token": token}
        assert other.client.post(page, data=data).status_code == 403
        heading = {"basis": "示档发〔2016〕1号", **SECRECY}
        address = drafter.send("/drafts/responses", "/drafts/responses/submissions", **heading).headers[
            "location"
        ]
    with desk.signed_in("li") as reviewer, desk.signed_in("wang") as last:
        assert "已列入修订计划" in reviewer.see(address)
        reviewer.send(address, f"{address}/approve")
        assert "已发布" in last.send(address, f"{address}/publish").text
    (response,) = desk.log.findings.get(finding.id).responses
    assert (response.kind, response.text) == ("接受", "已列入修订计划，年内改正")
    with desk.signed_in("zhang") as drafter:
        assert page not in drafter.see("/answers")
