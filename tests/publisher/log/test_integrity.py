"""Hashes verify, and changes that bypass the log are detected."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import text

from publisher.log.canonical_json import NotCanonicalError, canonical
from publisher.log.database.tables import HEAD, metadata
from publisher.log.log import Log
from publisher.log.model import LogError, Part, RecordQuery
from tests.publisher.log.test_migrations import restore
from tests.support.clock import Clock
from tests.support.log import EARLY, LATE, MIDDLE, entry, fees_dataset, ids, rebuild_spans, release, standards

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@given(values)
def test_canonical_json_is_that_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value", [1.0, {"a": [2.5]}, 2**53, [-(2**53)], "\udc00", {1: "a"}, b"x", {"\ud800": 1}]
)
def test_a_value_without_exact_json_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonicalError):
        canonical(value)


def test_anyone_can_check_a_revision_by_its_salt(log: Log) -> None:
    release(log, entry("证照费"))
    (state,) = log.queries.records("fees", RecordQuery()).records
    assert state.salt is not None
    committed = bytes.fromhex(state.salt) + rfc8785.dumps(state.content)
    assert hashlib.sha256(committed).hexdigest() == state.revision


def test_each_release_names_the_hash_of_the_one_before(log: Log) -> None:
    releases = [release(log, entry("证照费", str(n)), on=day) for n, day in enumerate((EARLY, MIDDLE, LATE))]
    assert releases[0].previous_hash == "0" * 64
    assert [r.previous_hash for r in releases[1:]] == [r.hash for r in releases[:-1]]
    assert log.integrity.verify().ok
    assert log.integrity.verify().releases == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        'UPDATE revision SET content = \'{"name":"改"}\' WHERE key = 1',
        "UPDATE revision SET content = NULL WHERE key = 1",
        "UPDATE revision SET hash = '00' WHERE key = 1",
        "UPDATE release SET note = '改' WHERE sequence = 1",
        "UPDATE release SET effective_on = effective_on - 1 WHERE sequence = 1",
        "UPDATE release SET left_out = '[1]' WHERE sequence = 1",
        "UPDATE change SET kind = 'removed' WHERE sequence = 1",
        "UPDATE change SET effective_from = effective_from + 1 WHERE sequence = 2",
        "UPDATE import SET digest = 'ff' WHERE key = 1",
        "DELETE FROM change WHERE sequence = 1",
    ],
)
def test_a_log_that_was_tampered_with_does_not_verify(log: Log, damage: str) -> None:
    release(log, entry("证照费"), entry("登记费"))
    release(log, entry("证照费", "2"), on=MIDDLE)
    assert log.integrity.verify().ok
    with log._session.database.write() as conn:
        conn.execute(text(damage))
    assert not log.integrity.verify().ok


def test_damaged_spans_are_rebuilt_and_indexed_again(log: Log) -> None:
    release(log, entry("证照费"), entry("登记费"))
    release(log, entry("证照费", "2"), on=MIDDLE)
    before = sorted(log.queries.spans(), key=lambda s: s.id)
    assert rebuild_spans(log) == 0
    assert sorted(log.queries.spans(), key=lambda s: s.id) == before
    log.subscriptions.complete_items(upto=10**9)
    with log._session.database.write() as conn:
        conn.execute(text("DELETE FROM span WHERE title = '登记费'"))
        conn.execute(text("UPDATE span SET known_to = 5 WHERE title = '证照费' AND made = 2"))
    assert rebuild_spans(log) > 0
    after = sorted(log.queries.spans(), key=lambda s: s.id)
    assert [(s.id, s.content, s.known_to) for s in after] == [(s.id, s.content, s.known_to) for s in before]
    changed = {s.id for s in after if s not in before}
    assert {i.key for i in log.outbox.items()} == changed
    assert standards(log) == {"证照费": "2"}


def test_the_migrations_make_the_tables_that_the_code_expects(log: Log) -> None:
    with log._session.database.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path, clock: Clock) -> None:
    url = f"sqlite:///{tmp_path / 'qingdan.db'}"
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020")
    with log._session.database.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    log.close()
    for read_only, public in ((False, False), (True, False), (False, True)):
        with pytest.raises(LogError) as refused:
            Log.open(url, sources=tmp_path / "sources", clock=clock, read_only=read_only, public=public)
        assert refused.value.code == "newer-database"


def test_a_database_of_an_older_program_is_not_opened_for_reading(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'qingdan.db'}"
    restore(url, "0022")
    with pytest.raises(LogError) as refused:
        Log.open(url, sources=tmp_path / "sources", read_only=True)
    assert refused.value.code == "upgrade-needed"


def test_opening_a_folder_without_a_site_makes_nothing_there(tmp_path: Path) -> None:
    log = Log.open(f"sqlite:///{tmp_path / 'qingdan.db'}", sources=tmp_path / "sources")
    for ask in (log.datasets.site, log.datasets.all, lambda: log.datasets.create(*fees_dataset())):
        with pytest.raises(LogError) as refused:
            ask()
        assert refused.value.code == "not-initialised"
    assert list(tmp_path.iterdir()) == []


def test_a_site_is_initialised_once(log: Log) -> None:
    with pytest.raises(LogError) as refused:
        log.datasets.init_site("https://elsewhere.example", "elsewhere.example,2020")
    assert refused.value.code == "already-initialised"
    assert log.datasets.site().base == "https://data.example.gov.cn"


def test_names_of_datasets_are_plain_and_taken_once(log: Log) -> None:
    dataset, own = fees_dataset()
    with pytest.raises(LogError) as refused:
        log.datasets.create(dataset, own)
    assert refused.value.code == "dataset-exists"
    for name in ("Fees", "收费", "a b", "../x", ""):
        with pytest.raises(LogError) as refused:
            log.datasets.create(fees_dataset(name)[0], own)
        assert refused.value.code == "bad-dataset-name"
    with pytest.raises(LogError) as refused:
        log.datasets.get("nothing")
    assert refused.value.code == "no-such-dataset"


@pytest.mark.parametrize("blank", ["", " ", "\u3000"])
def test_no_part_and_no_required_detail_is_blank(log: Log, blank: str) -> None:
    dataset, own = fees_dataset("others")
    attempts: tuple[Callable[[], object], ...] = (
        lambda: log.datasets.add_part("fees", Part(blank)),
        lambda: log.datasets.add_part("fees", Part("部门", aliases=(blank,))),
        lambda: log.datasets.rename_part("fees", "财政局", blank),
        lambda: log.datasets.create(structs.replace(dataset, body=blank), own),
        lambda: log.datasets.create(structs.replace(dataset, parts=(Part(blank),)), own),
    )
    for attempt in attempts:
        with pytest.raises(LogError, match="cannot be blank"):
            attempt()
    assert log.datasets.add_part("fees", Part(f"部{blank}")).parts[-1].name == "部"


def test_the_details_of_a_dataset_are_returned_as_stored(log: Log) -> None:
    dataset, _ = fees_dataset()
    fees = log.datasets.get("fees")
    assert fees.created_at is not None
    assert (fees.title, fees.labels, fees.parts) == (dataset.title, dataset.labels, dataset.parts)
    assert [d.name for d in log.datasets.all()] == ["fees"]


def test_all_versions_that_made_a_release_are_in_it(log: Log) -> None:
    latest = release(log, entry("证照费"), basis="鞍政发〔2015〕34号", note="首次发布", actor="王")
    assert (latest.basis, latest.note, latest.actor, latest.parser_version) == (
        "鞍政发〔2015〕34号",
        "首次发布",
        "王",
        "test 1",
    )
    assert latest.catalogue_digest == log.queries.catalogue("fees", 1).digest
    assert json.loads(log.queries.catalogue("fees", 1).source)["qingdan"]["name"] == "test-fees"
    assert log.queries.releases("fees") == (latest,)


def test_a_file_is_stored_once_under_its_digest_and_must_exist_to_be_staged(log: Log) -> None:
    one = log.evidence.put_source(b"bytes", name="a.xls", media_type="application/vnd.ms-excel")
    two = log.evidence.put_source(b"bytes", name="b.xls", media_type="application/vnd.ms-excel")
    assert one.digest == two.digest == hashlib.sha256(b"bytes").hexdigest()
    assert log.evidence.source_bytes(one.digest) == b"bytes"
    missing = type(one)("ab" * 32, "x", "text/csv", 1, one.obtained_at)
    with pytest.raises(LogError) as refused:
        log.drafts.stage("fees", [entry("证照费")], part="财政局", source=missing, parser_version="1")
    assert refused.value.code == "source-missing"


def test_ids_are_safe_in_addresses(log: Log) -> None:
    release(log, entry("证照费/？#&"))
    (record,) = ids(log).values()
    assert record.isalnum()
    assert record.isascii()
    assert len(record) == 20
