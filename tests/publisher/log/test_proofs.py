"""Documents of releases commit to everything that is published, and entries to every document."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from aics_tlog import tree as foreign_tree
from sqlalchemy import text

from publisher.log.log import Log
from publisher.log.model import LogError, Part, RecordQuery
from publisher.log.transparency import merkle_tree
from tests.publisher.log.test_migrations import restore
from tests.support.log import EARLY, LATE, MIDDLE, entry, ids, problems_after, release


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def commitment(salt: str, value: Any) -> str:
    return sha(bytes.fromhex(salt) + rfc8785.dumps(value))


def document(log: Log, number: int) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(log.proofs.release_document("fees", number))
    return stored


def manifest(log: Log, number: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.proofs.manifest("fees", number)]


def test_a_release_can_be_recomputed_from_what_is_public(log: Log) -> None:
    release(
        log, entry("证照费", cells=" 1 "), entry("登记费"), basis="示财〔2015〕1号", note="首次", actor="王"
    )
    second = release(log, entry("证照费", "2"), on=MIDDLE)
    first = log.queries.release("fees", 1)
    stored = log.proofs.release_document("fees", 1)
    assert sha(stored.encode()) == first.hash == first.document
    own = json.loads(stored)
    assert rfc8785.dumps(own) == stored.encode()
    for name, value in (("actor", "王"), ("note", "首次"), ("basis", "示财〔2015〕1号"), ("left_out", [])):
        assert commitment(first.salts[name], value) == own[name]
    assert "王" not in stored
    (source,) = first.sources
    assert source.salt is not None
    assert commitment(source.salt, {"name": source.name, "url": None}) == own["sources"][0]["origin"]
    assert own["sources"][0]["part"] == "财政局"
    assert own["catalogue"] == first.catalogue_digest
    assert own["details"] == sha((log.proofs.document(own["details"]) or "").encode())
    assert own["previous"] is None
    assert document(log, 2)["previous"] == first.document == second.previous_hash
    lines = list(log.proofs.manifest("fees", 1))
    assert sha(b"".join(lines)) == own["manifest"]
    assert all(rfc8785.dumps(json.loads(line)) + b"\n" == line for line in lines)


def test_a_line_of_the_manifest_commits_to_content_and_place(log: Log) -> None:
    release(log, entry("证照费"))
    (state,) = log.queries.records("fees", RecordQuery()).records
    (line,) = manifest(log, 1)
    assert line["record"] == state.id
    assert line["revision"] == state.revision
    assert (line["kind"], line["part"], line["effective_from"]) == ("added", "财政局", EARLY.isoformat())
    assert state.salt is not None
    place = [state.sources[0].digest, dict(state.locator), dict(state.originals), "证照费|1"]
    assert commitment(state.salt, place) == line["provenance"]


@pytest.mark.slow
def test_names_of_parts_in_documents_never_change(log: Log) -> None:
    release(log, entry("证照费"))
    log.datasets.rename_part("fees", "财政局", "财政和金融局")
    release(log, entry("证照费", "2"), part="财政和金融局", on=MIDDLE)
    assert [manifest(log, n)[0]["part"] for n in (1, 2)] == ["财政局", "财政局"]
    assert document(log, 2)["sources"][0]["part"] == "财政局"
    details = json.loads(log.proofs.document(document(log, 2)["details"]) or "")
    assert (details["parts"][0]["declared_as"], details["parts"][0]["name"]) == ("财政局", "财政和金融局")
    assert log.integrity.verify().problems == ()


def test_every_change_of_details_is_an_entry(log: Log) -> None:
    before = log.proofs.size()
    log.datasets.add_part("fees", Part("人社局"))
    log.datasets.merge_parts("fees", "民政局", "人社局")
    log.datasets.close_part("fees", "财政局", valid_to=LATE)
    assert log.proofs.size() == before + 3
    newest = log.proofs.entry(log.proofs.size() - 1).entry
    stored = json.loads(log.proofs.document(newest.digest) or "")
    assert {p["name"]: (p["valid_to"], p["merged_into"]) for p in stored["parts"]} == {
        "财政局": (LATE.isoformat(), None),
        "民政局": (None, "人社局"),
        "人社局": (None, None),
    }
    assert log.integrity.verify().problems == ()


def test_an_erasure_names_its_records_and_leaves_every_document(log: Log) -> None:
    release(log, entry("证照费"), entry("登记费"))
    record = ids(log)["证照费"]
    lines = list(log.proofs.manifest("fees", 1))
    log.releases.erase(records=[("fees", record)], ground="司法")
    assert document(log, 2)["erased"] == [record]
    assert list(log.proofs.manifest("fees", 1)) == lines
    assert log.integrity.verify().problems == ()


def test_entries_have_proofs_in_every_tree(log: Log) -> None:
    release(log, entry("证照费"))
    release(log, entry("证照费", "2"), on=MIDDLE)
    size = log.proofs.size()
    for position in range(size):
        for of in range(position + 1, size + 1):
            proof = log.proofs.entry(position, of)
            leaf, root = bytes.fromhex(proof.leaf), bytes.fromhex(proof.root)
            assert leaf == merkle_tree.leaf_hash(proof.entry.encode())
            assert foreign_tree.verify_inclusion(leaf, position, of, proof.hashes, root)
    for old in range(size + 1):
        roots = [
            bytes.fromhex(log.proofs.entry(0, of).root) if of else merkle_tree.EMPTY_ROOT
            for of in (old, size)
        ]
        assert merkle_tree.verify_consistency(
            old, roots[0], size, roots[1], log.proofs.consistency(old, size)
        )
    for position, of in ((size, size), (0, size + 1)):
        with pytest.raises(LogError) as refused:
            log.proofs.entry(position, of)
        assert refused.value.code == "no-such-entry"


DAMAGE = [
    ("UPDATE revision SET locator = '{}' WHERE key = 1", "locator"),
    ("UPDATE revision SET source_text = 'x' WHERE key = 1", "source text"),
    ("UPDATE revision SET provenance = 'x' WHERE key = 1", "manifest"),
    ("UPDATE change SET part = 2 WHERE sequence = 1", "manifest"),
    ("UPDATE import SET name = 'x' WHERE key = 1", "sources"),
    ("UPDATE import SET mode = 'partial' WHERE key = 1", "sources"),
    ("UPDATE release SET actor = 'x' WHERE sequence = 1", "actor"),
    ("UPDATE release SET hash = 'x' WHERE sequence = 1", "hashes"),
    ("UPDATE release SET document = 'x' WHERE sequence = 1", "no entry"),
    ("UPDATE dataset SET details = replace(details, '示例收费', '改名')", "dataset fees: details"),
    ("UPDATE part SET aliases = '[\"x\"]' WHERE key = 1", "dataset fees: parts"),
    ("UPDATE site SET base = 'x'", "site: base"),
    ("UPDATE entry SET document = replace(document, '2020', '2021') WHERE position = 2", "entry 2"),
    ("UPDATE entry SET kind = 'site' WHERE position = 2", "tile 0/0"),
    ("DELETE FROM entry WHERE position = 1", "entry 1: 缺少"),
    ("DELETE FROM tile", "tile 0/0"),
    ("UPDATE checkpoint SET root = 'x' WHERE size = 2", "checkpoint of 2"),
    ("DELETE FROM checkpoint WHERE size = 4", "no checkpoint covers"),
]
"""A statement that bypasses the log, and words of the problem that is reported."""


@pytest.mark.slow
def test_what_bypasses_the_log_is_named(log: Log) -> None:
    release(log, entry("证照费"), entry("登记费"), actor="王")
    release(log, entry("证照费", "2"), on=MIDDLE)
    assert log.integrity.verify().problems == ()
    unnamed = {}
    for statement, words in DAMAGE:
        problems = problems_after(log, statement)
        if not any(words in problem for problem in problems):
            unnamed[statement] = problems
    assert unnamed == {}
    assert log.integrity.verify().problems == ()


@pytest.mark.slow
def test_a_site_that_exists_is_resealed_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'qingdan.db'}"
    restore(url, "0009")
    log = Log.open(url, sources=tmp_path / "sources", clock=lambda: datetime(2026, 11, 30, tzinfo=UTC))
    releases = log.queries.releases("fees")
    kinds = [log.proofs.entry(n).entry.kind for n in range(log.proofs.size())]
    assert kinds == ["site", "dataset", *["release"] * len(releases), "reseal"]
    reseal = json.loads(log.proofs.document(log.proofs.entry(len(kinds) - 1).entry.digest) or "")
    assert reseal["head"] == releases[-1].hash != releases[-1].document
    assert reseal["size"] == len(kinds) - 1
    assert reseal["root"] == log.proofs.entry(0, len(kinds) - 1).root
    assert reseal["resealed_at"] == "2026-11-30T00:00:00.000000Z"
    assert log.integrity.verify().problems == ()
    assert log.releases.reseal() == 0
    next_release = release(log, entry("新"), part="民政局", on=LATE)
    assert next_release.previous_hash == releases[-1].document
    assert log.integrity.verify().problems == ()
    with log._session.database.write() as conn:
        conn.execute(text("UPDATE release SET previous_hash = 'x' WHERE sequence = 2"))
    assert log.integrity.verify().problems
    log.close()
