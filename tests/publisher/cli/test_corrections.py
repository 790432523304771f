"""The commands of corrections, from ``init`` to the backup that has no contact."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from msgspec import structs

from publisher.background import forget_senders
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.correction import Correction
from publisher.inbox.follower import Wish
from publisher.inbox.followers import open_followers
from publisher.inbox.inbox import Inbox
from publisher.inbox.public_inbox import PublicInbox
from publisher.log.log import Log
from publisher.settings import Settings, read_settings
from tests.support.clock import Clock
from tests.support.command import Home, item, xlsx
from tests.support.servers.postgresql import Server

pytestmark = pytest.mark.slow

NAME = "shili-power-list"
WRONG = Correction(NAME, "r1", "", "department", "市城市管理局", "机构设置页", "张三 13800138000")
LATER = Correction(NAME, "r1", "", "name", "丁许可", "身份证11010519491231002X", "李四")


def settings_of(home: Home) -> Settings:
    return read_settings(home.home, {})


def submit(home: Home, *corrections: Correction, clock: Clock | None = None) -> list[str]:
    """Send the form → ids."""
    settings = settings_of(home)
    more = {} if clock is None else {"clock": clock}
    public = PublicInbox.open(settings.database, settings.inbox, bytes(32), capacity=9, **more)
    assert public is not None
    with closing(public):
        for correction in corrections:
            public.submit(correction)
    return [one["id"] for one in home.ok("corrections", "list", "--json").json]


@pytest.fixture
def published(site: Home, tmp_path: Path) -> Home:
    site.dataset(NAME)
    file = xlsx(tmp_path / "list.xlsx", [item("甲许可")])
    site.ok("import", file, "--dataset", NAME)
    site.ok("publish", NAME, "--effective-on", "2016-01-01", "--basis", "鞍政发〔2016〕1号")
    return site


def test_a_clerk_reads_accepts_and_rejects(published: Home) -> None:
    assert published.ok("status", "--json").json["corrections"] == {"open": 0, "oldest": None}
    first, second = submit(published, WRONG, LATER)
    assert published.ok("status", "--json").json["corrections"]["open"] == 2
    assert "2，最早" in published.ok("status").out
    table = published.ok("corrections", "list").out
    assert WRONG.value in table
    assert "13800138000" not in table
    request_details = published.ok("corrections", "show", first, "--json").json
    assert request_details["statements"][0]["contact"] == WRONG.contact
    assert WRONG.contact in published.ok("corrections", "show", first).out

    assert (
        "no-such-release"
        in published.run("corrections", "accept", first, "--outcome", "是", "--release", 7).err
    )
    accepted = published.ok(
        "corrections", "accept", first, "--outcome", "已更正", "--release", 1, "--json"
    ).json
    assert (accepted["state"], accepted["proof"]) == ("accepted", WRONG.proof)
    assert "correction-decided" in published.run("corrections", "reject", first, "--reason", "不").err
    published.ok("corrections", "accept", first, "--outcome", "已更正", "--proof", "")
    again = published.ok("corrections", "accept", first, "--outcome", "已更正", "--release", 1, "--json").json
    assert again["proof"] == ""

    refused = published.run("corrections", "accept", second, "--outcome", "已更正")
    assert "personal-text" in refused.err
    assert "11010519491231002X" not in refused.err
    assert (
        published.ok("corrections", "reject", second, "--reason", "不实", "--json").json["state"]
        == "rejected"
    )
    assert published.ok("corrections", "list", "--json").json == []
    assert len(published.ok("corrections", "list", "--all", "--json").json) == 2
    assert published.run("corrections", "show", "0" * 16).code == 3


def test_a_home_of_before_has_no_inbox_until_it_gets_a_key(published: Home) -> None:
    inbox = published.home / "inbox"
    for file in inbox.iterdir():
        file.unlink()
    inbox.rmdir()
    assert published.ok("status", "--json").json["corrections"] is None
    refused = published.run("corrections", "list")
    assert (refused.code, "no-inbox" in refused.err) == (3, True)
    assert published.run("followers", "list").code == 3
    published.ok("backup", published.home.parent / "backups")
    published.ok("corrections", "key")
    assert published.ok("corrections", "list", "--json").json == []
    assert published.run("followers", "remove", "0" * 32).code == 3


def test_a_backup_has_the_requests_and_no_contact(published: Home, tmp_path: Path) -> None:
    (request,) = submit(published, WRONG)
    sealed = settings_of(published).inbox
    published.ok("backup", tmp_path / "backups", "--keys", tmp_path / "keys")
    new = Home(tmp_path / "new")
    new.ok("restore", tmp_path / "backups", "--keys", tmp_path / "keys", "--no-checkpoint")
    request_details = new.ok("corrections", "show", request, "--json").json
    assert (request_details["value"], request_details["statements"][0]["proof"]) == (WRONG.value, WRONG.proof)
    assert request_details["statements"][0]["contact"] is None
    assert published.ok("corrections", "show", request, "--json").json["statements"][0]["contact"]
    copy = (new.home / sealed.relative_to(published.home)).read_bytes()
    (private,) = (tmp_path / "keys").glob("inbox-*.pem")
    assert private.stem.removeprefix("inbox-").encode() in copy  # the public key is there
    assert (new.home / "inbox" / "inbox.db").stat().st_mode & 0o777 == 0o600


def test_the_worker_deletes_what_is_due(published: Home) -> None:
    settings, clock = settings_of(published), Clock()
    (request,) = submit(published, WRONG, clock=clock)
    inbox = Inbox.open(settings.database, settings.inbox, SealKeys(settings.keys), clock=clock)
    assert inbox is not None
    with closing(inbox):
        inbox.accept(request, outcome="已更正")
        assert inbox.get(request).statements

        # The clock of the decision is years ago.
        work_until(settings, lambda: not inbox.get(request).statements)


def test_the_worker_deletes_who_did_not_confirm_although_it_sends_no_mails(published: Home) -> None:
    settings = settings_of(published)
    public = PublicInbox.open(settings.database, settings.inbox, bytes(32), capacity=1, clock=Clock())
    assert public is not None
    with closing(public):
        public.followers().submit(Wish("li.si@example.com", "{}", "daily", "zh"))  # years ago
    with open_followers(settings.database, settings.inbox, SealKeys(settings.keys)) as followers:
        assert followers is not None
        store = followers
        work_until(settings, lambda: not store.all())


def work_until(settings: Settings, is_done: Callable[[], bool]) -> None:
    """Run the worker's task until it has done something."""

    async def run() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(forget_senders, settings, log)
            with anyio.fail_after(30):
                while not is_done():  # noqa: ASYNC110 - the worker tells nobody
                    await anyio.sleep(0.02)
            group.cancel_scope.cancel()

    with closing(Log.open(settings.database, sources=settings.sources)) as log:
        anyio.run(run)


def test_corrections_of_an_erased_record_are_deleted_from_the_inbox_backups_and_a_restored_inbox(
    published: Home, tmp_path: Path
) -> None:
    settings = settings_of(published)
    record = published.ok("show", NAME, "甲许可", "--json").json[0]["id"]
    submit(published, structs.replace(WRONG, record=record, value="应删除的内容"), WRONG)
    published.ok("backup", tmp_path / "backups")
    before = settings.inbox.read_bytes()
    published.ok("erase", NAME, "甲许可", "--ground", "判决书", "--yes")
    assert [one["record"] for one in published.ok("corrections", "list", "--json").json] == ["r1"]
    new = Home(tmp_path / "new")
    known = ("--erasures", published.home / "erasures.jsonl")
    new.ok("restore", tmp_path / "backups", "--no-checkpoint", *known)
    assert [one["record"] for one in new.ok("corrections", "list", "--json").json] == ["r1"]
    for file in settings_of(new).inbox.parent.iterdir():
        assert "应删除的内容".encode() not in file.read_bytes(), file
    published.ok("backup", tmp_path / "backups", "--forget-erased")
    (copy,) = (tmp_path / "backups").glob("*Z/site/inbox/inbox.db")
    assert WRONG.value.encode() in copy.read_bytes()
    for file in (copy, *settings.inbox.parent.iterdir()):
        assert "应删除的内容".encode() not in file.read_bytes(), file
    for file in settings.inbox.parent.iterdir():
        file.unlink()
    settings.inbox.write_bytes(before)
    inbox = Inbox.open(settings.database, settings.inbox, SealKeys(settings.keys))
    assert inbox is not None
    with closing(inbox):
        assert len(inbox.list()) == 2
        work_until(settings, lambda: len(inbox.list()) == 1)


@pytest.mark.server
def test_on_postgresql_a_dump_has_the_requests_and_no_contact(
    postgresql_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgresql_server.database() as old, postgresql_server.database(migrated=False) as new:
        monkeypatch.setenv("QINGDAN_DATABASE", old)
        site = Home(tmp_path / "old")
        site.dataset(NAME)
        settings = read_settings(site.home)
        assert not settings.inbox.exists()
        public = PublicInbox.open(settings.database, settings.inbox, bytes(32), capacity=9)
        assert public is not None
        with closing(public):
            public.submit(WRONG)
        (request,) = site.ok("corrections", "list", "--json").json
        assert site.ok("status", "--json").json["corrections"]["open"] == 1
        site.ok("backup", tmp_path / "backups", "--keys", tmp_path / "keys")
        monkeypatch.setenv("QINGDAN_DATABASE", new)
        restored = Home(tmp_path / "new")
        restored.ok("restore", tmp_path / "backups", "--keys", tmp_path / "keys", "--no-checkpoint")
        request_details = restored.ok("corrections", "show", request["id"], "--json").json
    assert (request_details["value"], request_details["statements"][0]["proof"]) == (WRONG.value, WRONG.proof)
    assert request_details["statements"][0]["contact"] is None


@pytest.mark.server
def test_a_move_takes_receipts_and_sealed_contacts_along(
    published: Home, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(published)
    (request,) = submit(published, WRONG)
    public = PublicInbox.open(settings.database, settings.inbox, bytes(32), capacity=9)
    assert public is not None
    with closing(public):
        token = public.submit(WRONG)
    assert published.ok("move", "--to", postgresql_url, "--json").json["corrections"] == 1
    monkeypatch.setenv("QINGDAN_DATABASE", postgresql_url)
    request_details = published.ok("corrections", "show", request, "--json").json
    assert request_details["statements"][0]["contact"] == WRONG.contact
    moved = PublicInbox.open(postgresql_url, settings.inbox, bytes(1), capacity=9)
    assert moved is not None
    with closing(moved):
        assert moved.status(token) is not None
