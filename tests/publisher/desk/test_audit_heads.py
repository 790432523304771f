"""The head of the audit log in the log's tree: when it is appended, and what a rewritten past contradicts."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable

import pytest
from litestar.testing import TestClient
from sqlalchemy import text

from publisher.desk import scheduling
from publisher.desk.accounts import tables as t
from publisher.desk.accounts.audit_log import append
from publisher.desk.app import create_desk_app
from publisher.log.clocks import micros
from tests.publisher.desk.test_scheduling import desk_of
from tests.support.desk import DESK, DeskSite
from tests.support.log import entry, release

pytestmark = pytest.mark.both_databases


def note(desk: DeskSite) -> None:
    scheduling.append_audit_head(desk_of(desk))


def add_line(desk: DeskSite) -> None:
    desk.staff.accounts.append_audit_line("sign-out", actor="zhang")


def test_a_head_is_an_entry_once_a_day_and_after_each_release(desk: DeskSite) -> None:
    note(desk)
    assert not desk.log.proofs.audit_heads()  # no line, no head
    add_line(desk)
    note(desk)
    first = desk.staff.audit.head()
    add_line(desk)
    note(desk)
    assert desk.log.proofs.audit_heads() == [first]  # of this day there is one
    release(desk.log, entry("证照费"))  # by the command line, as far as the desk can tell
    note(desk)
    second = desk.staff.audit.head()
    assert desk.log.proofs.audit_heads() == [first, second]
    desk.clock.advance(days=1)
    note(desk)
    assert len(desk.log.proofs.audit_heads()) == 2  # a new day, and no new line
    add_line(desk)
    note(desk)
    note(desk)
    assert desk.log.proofs.audit_heads() == [first, second, desk.staff.audit.head()]
    assert not desk.log.integrity.verify().problems
    assert not desk.staff.audit.verify(*desk.log.proofs.audit_heads())


def rewrite(desk: DeskSite, change: Callable[[list[str]], list[str]]) -> None:
    """Write another past as the machine's administrator can: without triggers, with a chain that fits."""
    lines = change(list(desk.staff.audit.lines()))
    with desk.staff.store.write() as conn:
        if desk.staff.store.file:
            conn.execute(text("DROP TRIGGER IF EXISTS audit_no_UPDATE"))
            conn.execute(text("DROP TRIGGER IF EXISTS audit_no_DELETE"))
        else:
            conn.execute(text(f"DROP TRIGGER IF EXISTS audit_append_only ON {t.SCHEMA}.audit"))
        conn.execute(t.audit.delete())
        for fields in map(json.loads, lines):
            own = {name: fields[name] for name in ("actor", "subject", "address", "details")}
            append(conn, fields["kind"], at=micros(desk.clock.now), **own)
    assert not desk.staff.audit.verify()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda lines: [lines[0].replace("zhang", "wang"), *lines[1:]], "line 3: it is not the head"),
        (lambda lines: lines[:2], "lines 3 to 3 are missing"),
        (lambda lines: [*lines[1:], lines[0]], "line 3: it is not the head"),
    ],
    ids=["changed", "cut off", "another order"],
)
def test_a_past_that_was_rewritten_with_its_chain_is_found(
    desk: DeskSite, change: Callable[[list[str]], list[str]], problem: str
) -> None:
    for subject in ("甲", "乙", "丙"):
        desk.staff.accounts.append_audit_line("sign-in-failed", actor="zhang", subject=subject)
    note(desk)
    rewrite(desk, change)
    (one,) = desk.staff.audit.verify(*desk.log.proofs.audit_heads())
    assert one.startswith(problem)


def test_a_log_that_grew_by_a_copy_of_itself_contradicts_no_head(desk: DeskSite) -> None:
    add_line(desk)
    note(desk)
    for _ in range(3):
        add_line(desk)
    assert not desk.staff.audit.verify(*desk.log.proofs.audit_heads())


@pytest.mark.slow
def test_an_auditor_verifies_at_the_page_and_a_stranger_offline(desk: DeskSite) -> None:
    desk.log.keys.create()
    desk.add("du", "督查")
    release(desk.log, entry("证照费"))
    note(desk)
    with desk.signed_in("du") as browser:
        page = browser.see("/audit?verify=1")
        assert "哈希链无误" in page
        export = browser.client.get("/audit/export").text
        (head,) = desk.log.proofs.audit_heads()
        assert f'{head.size} <code translate="no">{head.hash}' in page
        rewrite(desk, lambda lines: [line.replace("督查", "审核") for line in lines])
        assert f"line {head.size}: it is not the head that was noted" in browser.see("/audit?verify=1")
    # docs/desk.md: the hash of a line of the export is the one in the public document.
    line = export.splitlines()[head.size - 1]
    assert hashlib.sha256(line.encode()).hexdigest() == head.hash


def test_the_desk_appends_heads_while_it_runs(desk: DeskSite) -> None:
    add_line(desk)
    app = create_desk_app(desk.settings, desk.log, desk.staff, clock=desk.clock)
    with TestClient(app, base_url=DESK):
        until = time.monotonic() + 60
        while not desk.log.proofs.audit_heads() and time.monotonic() < until:
            time.sleep(0.05)
    assert desk.log.proofs.audit_heads() == [desk.staff.audit.head()]
