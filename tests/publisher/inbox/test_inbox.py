"""The inbox: what the public may write and read, what a clerk decides, and what is deleted when."""

from __future__ import annotations

import re
import sqlite3
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from publisher.inbox import tables as t
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.correction import Correction
from publisher.inbox.database import InboxDatabase
from publisher.inbox.inbox import CONTACT_DAYS, REJECTED_DAYS, Inbox
from publisher.inbox.public_inbox import PublicInbox, QueueFullError
from publisher.log.model import LogError
from tests.support.clock import Clock
from tests.support.servers.postgresql import connect_as_serve

PROJECT = Path(__file__).parents[3]
WRONG_PHONE = Correction(
    "shili-fees", "r1", "0" * 64, "department", "市城市管理局", "市政府官网机构设置页", "张三 13800138000"
)
MAC_KEY = bytes(32)


@dataclass
class Both:
    """The inbox from both sides."""

    url: str
    home: Path
    clock: Clock
    clerk: Inbox
    public: PublicInbox

    @property
    def file(self) -> Path:
        return self.home / "inbox" / "inbox.db"

    def only(self) -> str:
        (request,) = self.clerk.list()
        return request.id


def open_both(home: Path, url: str, clock: Clock, *, capacity: int = 100) -> Both:
    keys, file = SealKeys(home / "keys"), home / "inbox" / "inbox.db"
    Inbox.create(url, file, keys, clock=clock)
    clerk = Inbox.open(url, file, keys, clock=clock)
    public = PublicInbox.open(connect_as_serve(url), file, MAC_KEY, capacity=capacity, clock=clock)
    assert clerk is not None
    assert public is not None
    return Both(url, home, clock, clerk, public)


def _page(name: str) -> str:
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


@pytest.fixture
def both(url: str, tmp_path: Path, clock: Clock) -> Iterator[Both]:
    both = open_both(tmp_path, url, clock, capacity=3)
    yield both
    both.public.close()
    both.clerk.close()


def test_a_request_reaches_the_clerk_with_its_contact_and_the_sender_learns_its_state(both: Both) -> None:
    token = both.public.submit(WRONG_PHONE)
    request = both.clerk.get(both.only())
    assert (request.value, request.state) == ("市城市管理局", "open")
    assert [(s.proof, s.contact) for s in request.statements] == [(WRONG_PHONE.proof, WRONG_PHONE.contact)]
    status = both.public.status(token)
    assert status is not None
    assert (status.record, status.field, status.state) == ("r1", "department", "open")
    assert both.public.status(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert both.public.status(request.id) is None


def test_contacts_are_stored_sealed_and_open_only_with_the_private_key(both: Both) -> None:
    both.public.submit(WRONG_PHONE)
    if both.url.startswith("sqlite"):
        stored = b"".join(file.read_bytes() for file in both.file.parent.iterdir())
        assert WRONG_PHONE.value.encode() in stored
        assert b"13800138000" not in stored
    (pem,) = (both.home / "keys").glob("inbox-*.pem")
    assert pem.stat().st_mode & 0o777 == 0o600
    pem.chmod(0o640)
    for reason in ("other users can read it", "it cannot be read"):
        (statement,) = both.clerk.get(both.only()).statements
        assert (statement.proof, statement.contact) == (WRONG_PHONE.proof, None)
        assert reason in statement.unreadable
        pem.unlink(missing_ok=True)


def test_after_a_new_key_contacts_of_the_old_one_still_open(both: Both) -> None:
    both.public.submit(WRONG_PHONE)
    (old_key,) = (both.home / "keys").glob("inbox-*.pem")
    both.clock.advance(days=-1)  # it was ahead when the old one was made
    Inbox.create(both.url, both.file, SealKeys(both.home / "keys"), clock=both.clock)
    both.public.submit(structs.replace(WRONG_PHONE, contact="李四"))
    assert [s.contact for s in both.clerk.get(both.only()).statements] == ["张三 13800138000", "李四"]
    old_key.unlink()
    keys = SealKeys(both.home / "keys")
    with closing(Inbox(InboxDatabase(both.url, both.file), keys, both.clock)) as clerk:
        assert [s.contact for s in clerk.get(both.only()).statements] == [None, "李四"]


def test_equal_requests_are_one_row_with_a_few_proofs(both: Both) -> None:
    tokens = {both.public.submit(structs.replace(WRONG_PHONE, proof=f"依据{number}")) for number in range(9)}
    tokens.add(both.public.submit(structs.replace(WRONG_PHONE, value=" 市城市管理局　", proof="依据0")))
    assert len(tokens) == 1
    assert [s.proof for s in both.clerk.get(both.only()).statements] == [f"依据{n}" for n in range(5)]


def test_the_queue_has_a_bound_and_a_decision_makes_room(both: Both) -> None:
    for number in range(3):
        both.public.submit(structs.replace(WRONG_PHONE, value=f"值{number}"))
    with pytest.raises(QueueFullError):
        both.public.submit(WRONG_PHONE)
    both.public.submit(structs.replace(WRONG_PHONE, value="值1", proof="另一依据"))  # joins one that waits
    assert both.clerk.waiting()[0] == 3
    both.clerk.reject(both.clerk.list("open")[0].id, reason="与原文一致")
    both.public.submit(WRONG_PHONE)


@pytest.mark.slow
def test_a_copy_of_the_store_holds_few_rows_in_memory(tmp_path: Path, clock: Clock) -> None:
    count, value = 4_000, "值" * 2_000
    copies = [InboxDatabase("sqlite:///log.db", tmp_path / name / "inbox.db") for name in ("old", "new")]
    with closing(copies[0]) as old, closing(copies[1]) as new:
        for one in copies:
            one.create_tables()
        row = {"dataset": "fees", "record": "r1", "revision": "", "field": "name", "value": value}
        with old.write() as conn:
            for number in range(count):
                conn.execute(t.request.insert().values(**row, id=f"{number:016x}", received_at=number))
        tracemalloc.start()
        old.copy_rows(new)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        with new.read() as conn:
            assert conn.scalar(select(func.count()).select_from(t.request)) == count
    assert peak < count * len(value)


def test_a_proof_that_a_clerk_left_out_stays_out(both: Both) -> None:
    both.public.submit(WRONG_PHONE)
    both.clerk.accept(both.only(), outcome="已核实", proof="")
    both.clerk.accept(both.only(), outcome="已更正", release=5)
    (public,) = both.public.accepted()
    assert (public.proof, public.release) == ("", 5)


def test_a_decision_needs_no_key_of_contacts(both: Both) -> None:
    both.public.submit(WRONG_PHONE)
    both.public.submit(structs.replace(WRONG_PHONE, value="别的值"))
    for key in (both.home / "keys").glob("inbox-*.pem"):
        key.unlink()
    first, second = both.clerk.list()
    assert both.clerk.reject(first.id, reason="不实").state == "rejected"
    accepted = both.clerk.accept(second.id, outcome="已更正")
    assert [(s.proof, s.contact) for s in accepted.statements] == [(WRONG_PHONE.proof, None)]


def test_what_is_public_is_what_a_clerk_accepted_and_never_the_sender(both: Both) -> None:
    token = both.public.submit(WRONG_PHONE)
    both.public.submit(structs.replace(WRONG_PHONE, value="别的值"))
    assert both.public.accepted() == []
    request = next(one for one in both.clerk.list() if one.value == WRONG_PHONE.value)
    both.clerk.accept(request.id, outcome="已核实，下次发布时更正")
    both.clerk.accept(request.id, outcome="已更正", release=5, proof="机构设置页")
    (public,) = both.public.accepted()
    assert (public.value, public.proof, public.reason, public.release) == (
        WRONG_PHONE.value,
        "机构设置页",
        "已更正",
        5,
    )
    status = both.public.status(token)
    assert status is not None
    assert (status.state, status.release) == ("accepted", 5)
    with pytest.raises(LogError, match="cannot be changed"):
        both.clerk.reject(request.id, reason="改变主意")


def test_a_decided_request_that_comes_again_tells_its_outcome(both: Both) -> None:
    both.public.submit(WRONG_PHONE)
    both.clerk.reject(both.only(), reason="与原文一致")
    status = both.public.status(both.public.submit(structs.replace(WRONG_PHONE, proof="又一依据")))
    assert status is not None
    assert (status.state, status.reason) == ("rejected", "与原文一致")
    assert len(both.clerk.get(both.only()).statements) == 1
    with pytest.raises(LogError, match="There is no correction"):
        both.clerk.get("0" * 16)


def test_personal_data_are_gone_from_the_disk_30_days_after_the_outcome(both: Both) -> None:
    sender = "王五身份证在此"
    both.public.submit(structs.replace(WRONG_PHONE, proof=sender))
    both.public.submit(structs.replace(WRONG_PHONE, value=f"应为{sender}", proof=sender))
    accepted, rejected = sorted(both.clerk.list(), key=lambda request: len(request.value))
    both.clerk.accept(accepted.id, outcome="已更正", proof="")
    both.clerk.reject(rejected.id, reason="不实")
    both.clock.advance(days=CONTACT_DAYS - 1)
    assert both.clerk.forget() == 0
    both.clock.advance(days=1)
    assert both.clerk.forget() > 0
    assert both.clerk.get(accepted.id).statements == ()
    assert both.clerk.get(rejected.id).value == ""
    assert both.clerk.get(rejected.id).reason == "不实"
    if both.url.startswith("sqlite"):
        for file in both.file.parent.iterdir():
            assert sender.encode() not in file.read_bytes(), file
    both.clock.advance(days=REJECTED_DAYS)
    both.clerk.forget()
    assert [request.id for request in both.clerk.list()] == [accepted.id]


FORBIDDEN = (
    "SELECT value FROM {request}",
    "SELECT proof FROM {request}",
    "SELECT proof FROM {statement}",
    "SELECT sealed FROM {contact}",
    "SELECT count(*) FROM {contact}",
    "UPDATE {request} SET state = 'accepted'",
    "DELETE FROM {request}",
    "DELETE FROM {statement}",
    "INSERT INTO {key} (id, public, made_at) VALUES ('a', '', 9)",
    "DROP TABLE {contact}",
    "CREATE TABLE {other} (a int)",
)


def test_the_public_side_has_no_right_but_to_insert_and_to_read_states(both: Both) -> None:
    both.public.submit(WRONG_PHONE)
    database = both.public._database
    prefix = "" if both.url.startswith("sqlite") else f"{t.SCHEMA}."
    names = {name: prefix + name for name in ("request", "statement", "contact", "key", "other")}
    for statement in FORBIDDEN:
        with pytest.raises(DBAPIError) as refusal, database.write() as conn:
            conn.execute(text(statement.format(**names)))
        reason = str(refusal.value)
        assert re.search("not authorized|prohibited|permission denied|must be owner", reason), statement
    assert both.clerk.waiting()[0] == 1


def test_on_postgresql_the_public_side_cannot_accept_what_it_inserts(
    postgresql_url: str, tmp_path: Path, clock: Clock
) -> None:
    both = open_both(tmp_path, postgresql_url, clock)
    insert = (
        "INSERT INTO qingdan_inbox.request (id, dataset, record, revision, field, value, received_at, state) "
        "VALUES ('a', '', '', '', '', '', 1, 'accepted')"
    )
    with pytest.raises(DBAPIError, match="permission denied"), both.public._database.write() as conn:
        conn.execute(text(insert))
    both.public.close()
    both.clerk.close()


def test_the_form_is_off_without_a_store_a_key_or_room(url: str, tmp_path: Path) -> None:
    file = tmp_path / "inbox" / "inbox.db"
    assert PublicInbox.open(url, file, MAC_KEY, capacity=9) is None
    assert Inbox.open(url, file, SealKeys(tmp_path / "keys")) is None
    assert not file.exists()
    Inbox.create(url, file, SealKeys(tmp_path / "keys"))
    assert PublicInbox.open(url, file, MAC_KEY, capacity=0) is None
    public = PublicInbox.open(url, file, MAC_KEY, capacity=9)
    assert public is not None
    public.close()
    if url.startswith("sqlite"):
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_correction_has_no_field_for_who_sent_it() -> None:
    assert {field.name for field in structs.fields(Correction)} == {
        *("dataset", "record", "revision", "field", "value", "proof", "contact")
    }


def test_times_of_deletion_are_those_of_the_document() -> None:
    assert timedelta(days=CONTACT_DAYS) < timedelta(days=REJECTED_DAYS)
    assert f"{CONTACT_DAYS} days" in _page("corrections.md")


def test_requests_that_come_at_once_do_not_pass_the_bound(both: Both) -> None:
    def submit(number: int) -> bool:
        try:
            both.public.submit(structs.replace(WRONG_PHONE, value=f"值{number}"))
        except QueueFullError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(submit, range(24))) == 3
    assert both.clerk.waiting()[0] == 3


def test_an_inbox_whose_creation_was_killed_is_created_again(tmp_path: Path) -> None:
    url, file, keys = f"sqlite:///{tmp_path}/qingdan.db", tmp_path / "inbox.db", SealKeys(tmp_path / "keys")
    file.touch()
    assert Inbox.open(url, file, keys) is None
    Inbox.create(url, file, keys)
    assert Inbox.open(url, file, keys) is not None


@pytest.mark.slow
def test_what_a_reader_keeps_in_the_write_ahead_log_is_deleted_by_the_worker_later(tmp_path: Path) -> None:
    url, file, keys = f"sqlite:///{tmp_path}/qingdan.db", tmp_path / "inbox.db", SealKeys(tmp_path / "keys")
    Inbox.create(url, file, keys)
    with closing(InboxDatabase(url, file)) as database, closing(sqlite3.connect(file)) as reader:
        with database.write() as conn:
            conn.execute(t.key.insert().values(id="secret" * 9, public=b"x", made_at=1))
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM key").fetchall()
        with database.write() as conn:
            conn.execute(t.key.delete().where(t.key.c.made_at == 1))
        with pytest.raises(LogError, match="qingdan work tries again"):
            database.erase_contacts()
        reader.rollback()
        inbox = Inbox.open(url, file, keys)
        assert inbox is not None
        inbox.forget()
        assert not any(b"secret" * 9 in path.read_bytes() for path in tmp_path.glob("inbox.db*"))
