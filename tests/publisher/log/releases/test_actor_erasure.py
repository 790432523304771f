"""The name of a clerk is destroyed in every release, and everything that was signed still verifies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text, update

from publisher.log.database import tables as t
from publisher.log.database.connection import Database
from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.log.releases import hash_chain
from publisher.log.verification.integrity import Scope
from tests.publisher.log.test_migrations import restore
from tests.support.command import Home
from tests.support.log import LATE, MIDDLE, entry, release

CLERK = "王经办人甲乙丙"


@pytest.mark.slow
def test_a_name_is_destroyed_and_every_checkpoint_still_verifies(log: Log, tmp_path: Path) -> None:
    log.keys.create()
    release(log, entry("证照费"), actor=CLERK)
    release(log, entry("证照费", "2"), on=MIDDLE, actor="李")
    checkpoint = log.proofs.checkpoint()
    documents = [log.proofs.release_document("fees", number) for number in (1, 2)]
    assert log.releases.preview_actor_erasure(CLERK).releases == [1]
    assert log.releases.erase_actor(CLERK, ground="个人信息保护法第四十七条").releases == [1]
    assert [log.proofs.release_document("fees", number) for number in (1, 2)] == documents
    first, second = log.queries.releases("fees")
    assert (first.actor, "actor" in first.salts) == ("", False)
    assert (second.actor, "actor" in second.salts) == ("李", True)
    newest = log.proofs.entry(log.proofs.size() - 1).entry
    assert newest.kind == "erasure"
    stored = json.loads(log.proofs.document(newest.digest) or "")
    assert (stored["property"], stored["releases"], stored["documents"]) == ("actor", [1], [])
    assert log.integrity.verify(Scope(checkpoint=checkpoint)).problems == ()
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert CLERK.encode() not in files
    release(log, entry("证照费", "3"), on=LATE)
    assert log.integrity.verify().problems == ()


def test_what_is_not_there_and_a_blank_ground_are_refused(log: Log) -> None:
    release(log, entry("证照费"), actor=CLERK)
    for name, ground, code in (
        ("某人", "司法", "no-such-actor"),
        (" ", "司法", "no-such-actor"),
        (CLERK, " ", "ground-missing"),
    ):
        with pytest.raises(LogError) as refused:
            log.releases.erase_actor(name, ground=ground)
        assert refused.value.code == code
    assert log.queries.release("fees", 1).actor == CLERK


def test_a_name_that_comes_back_is_a_problem(log: Log) -> None:
    release(log, entry("证照费"), actor=CLERK)
    log.releases.erase_actor(CLERK, ground="司法")
    with log._session.database.write() as conn:
        conn.execute(update(t.release).values(actor=CLERK))
    problems = log.integrity.verify().problems
    assert "发布 release 1: actor 与存证文件不符 is not that of its document" in problems
    with log._session.database.write() as conn:
        conn.execute(update(t.release).values(actor_salt=b"0" * 16))
    problems = log.integrity.verify().problems
    assert "发布 release 1: actor 依法删除后又出现 was erased and is there again" in problems


def name_clerks(url: str) -> None:
    """Name a clerk in each release of a site of format 1, with the hashes that were computed then."""
    database, previous = Database(url), hash_chain.FIRST
    with database.write() as conn:
        for row in conn.execute(text("SELECT * FROM release ORDER BY sequence")).mappings().all():
            of_release = text('SELECT * FROM "import" WHERE release = :release ORDER BY key')
            rows = conn.execute(of_release, {"release": row["sequence"]}).mappings()
            imports = [dict(one) for one in rows]
            named = {**row, "actor": CLERK, "previous_hash": previous}
            previous = hash_chain.release_hash(hash_chain.first_format_document(named, imports))
            values = {"a": CLERK, "p": named["previous_hash"], "h": previous, "s": row["sequence"]}
            conn.execute(
                text("UPDATE release SET actor = :a, previous_hash = :p, hash = :h WHERE sequence = :s"),
                values,
            )
    database.close()


@pytest.mark.slow
def test_names_in_releases_of_format_1_are_destroyed_by_the_command(tmp_path: Path) -> None:
    home = Home(tmp_path / "site")
    home.home.mkdir()
    url = f"sqlite:///{home.home / 'qingdan.db'}"
    restore(url, "0009")
    name_clerks(url)
    home.ok("verify")  # by both formats
    assert {one["actor"] for one in home.ok("releases", "fees", "--json").json} == {CLERK}
    assert home.run("erase", "--actor", CLERK, "--ground", "司法").code != 0  # it asks first
    home.ok("erase", "--actor", CLERK, "--ground", "司法", "--yes")
    assert {one["actor"] for one in home.ok("releases", "fees", "--json").json} == {""}
    home.ok("verify")  # by format 2
    assert CLERK.encode() not in b"".join(home.files().values())
    assert home.run("erase", "fees").code == 2
    assert home.run("erase").code == 2
