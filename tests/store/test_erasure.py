"""Erasure: afterwards the text is in no file, the chain verifies, and readers see what happened and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.log.database.tables import metadata
from publisher.log.log import Store
from publisher.log.model import Filter, RecordQuery, StoreError, View
from tests.store.site import EARLY, MIDDLE, Clock, catalogue, entry, fees_dataset, ids, lay, release, said

SECRET = "张三丰的身份证号"


def files_holding(folder: Path, words: str) -> list[Path]:
    """Every file whose bytes hold the words, in UTF-8, UTF-16 or as JSON escapes."""
    forms = [words.encode(), words.encode("utf-16-le"), words.encode("unicode_escape")]
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    ]


def publish_secret(store: Store) -> str:
    """A record that holds the secret in its name, value, original and cell, in two revisions and a file."""
    secret = store.put_source(f"a workbook with {SECRET}".encode(), name="a.xls", media_type="text/plain")
    for day, standard in ((EARLY, SECRET), (MIDDLE, f"{SECRET}改")):
        row = entry(f"{SECRET}费", standard, kind=SECRET)
        held = type(row)(row.content, row.source_text, {"note": SECRET}, {"standard": f" {SECRET} "})
        left_out = [{"sheet": "收费", "row": 9, "reason": "note", "text": SECRET}]
        store.stage(
            "fees",
            [held, entry("登记费")],
            part="财政局",
            source=secret,
            parser_version="1",
            left_out=left_out,
        )
        store.publish("fees", effective_on=day)
    return ids(store)[f"{SECRET}费"]


def test_after_an_erasure_no_file_of_the_home_holds_the_text(tmp_path: Path, clock: Clock) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'qingdan.db'}", sources=tmp_path / "sources", clock=clock)
    store.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020")
    store.create_dataset(*fees_dataset())
    record = publish_secret(store)
    lay(store, entry("别的费"), entry(f"{SECRET}费", "在草稿中"))
    assert files_holding(tmp_path, SECRET)
    store.erase(records=[("fees", record)], ground="（2026）法民初1号", actor="法务")
    assert files_holding(tmp_path, SECRET) == []
    assert store.draft("fees") is None
    store.close()
    assert files_holding(tmp_path, SECRET) == []


def test_no_table_holds_the_text_after_an_erasure(store: Store) -> None:
    record = publish_secret(store)
    lay(store, entry(f"{SECRET}费", "在草稿中"))
    store.erase(records=[("fees", record)], ground="判决")
    with store._database.read() as conn:
        for table in ("revision", "span", "value", "draft_entry", "import", "release", "source_bytes"):
            rows = conn.execute(metadata.tables[table].select()).all()
            assert SECRET not in repr(rows), table
            assert SECRET.encode() not in b"".join(v for r in rows for v in r if isinstance(v, bytes))


def test_readers_see_that_a_record_was_erased_and_why(store: Store) -> None:
    record = publish_secret(store)
    made = store.erase(records=[("fees", record)], ground="（2026）法民初1号", actor="法务")
    assert (made.note, made.actor, made.counts) == ("（2026）法民初1号", "法务", {"erased": 1, "records": 1})
    state = store.record("fees", record)
    assert (state.status, state.reason, state.content, state.salt, state.title) == (
        "erased",
        "（2026）法民初1号",
        {},
        None,
        "",
    )
    assert store.record("fees", record, View(release=1)).status == "erased"
    assert [(c.kind, c.erased, c.title, c.after) for c in store.history("fees", record)] == [
        ("added", True, "", None),
        ("changed", True, "", None),
    ]
    assert [r.erased for r in store.releases("fees")] == [True, True, False]
    query = RecordQuery(filters=(Filter("status", "eq", ("erased",)),))
    assert [r.id for r in store.records("fees", query).records] == [record]


def test_the_chain_verifies_after_an_erasure_and_names_what_is_gone(store: Store) -> None:
    record = publish_secret(store)
    store.erase(records=[("fees", record)], ground="判决")
    checked = store.verify()
    assert checked.problems == ()
    assert (checked.releases, checked.erased) == (3, 2)
    assert store.rebuild_spans() == 0
    release(store, entry("登记费", "2"), on=MIDDLE)
    assert store.verify().ok


def test_lists_and_totals_of_every_view_leave_an_erased_record_out(store: Store) -> None:
    record = publish_secret(store)
    store.erase(records=[("fees", record)], ground="判决")
    for view in (View(), View(as_of=EARLY), View(release=1)):
        page = store.records("fees", RecordQuery(view=view, facets=("kind",)))
        assert page.total == 1
        assert [r.title for r in page.records] == ["登记费"]
        assert page.facets == {"kind": ()}


def test_search_is_told_to_erase_every_span_of_it(store: Store) -> None:
    record = publish_secret(store)
    spans = {s.id for s in store.spans() if s.record == record}
    store.erase(records=[("fees", record)], ground="判决")
    items = store.outbox(limit=1000)
    assert {i.key for i in items if i.kind == "erase"} == spans
    assert not {i.key for i in items if i.kind == "span"} & spans
    assert not [s for s in store.spans() if s.record == record]


def test_a_file_that_held_the_record_is_destroyed_and_others_stay(store: Store) -> None:
    record = publish_secret(store)
    digest = store.release("fees", 1).sources[0].digest
    release(store, entry("婚姻登记费"), part="民政局")
    store.erase(records=[("fees", record)], ground="判决")
    with pytest.raises(StoreError, match="no source"):
        store.source_bytes(digest)
    assert store.source_bytes(store.release("fees", 3).sources[0].digest) == b"a workbook"


def test_a_file_that_held_the_record_unchanged_is_destroyed_too(store: Store) -> None:
    release(store, entry("甲"), entry("乙"))
    record = ids(store)["甲"]
    later = store.put_source(b"a later workbook", name="b.xls", media_type="text/plain")
    store.stage("fees", [entry("甲"), entry("乙", "2")], part="财政局", source=later, parser_version="1")
    store.publish("fees", effective_on=MIDDLE)
    store.erase(records=[("fees", record)], ground="判决")
    with pytest.raises(StoreError, match="no source"):
        store.source_bytes(later.digest)


def test_an_erased_record_cannot_be_amended_or_erased_again(store: Store) -> None:
    record = publish_secret(store)
    store.erase(records=[("fees", record)], ground="判决")
    for act in (
        lambda: store.erase(records=[("fees", record)], ground="x"),
        lambda: store.withdraw("fees", [record], reason="x"),
        lambda: store.correct("fees", {record: entry("甲").content}, reason="x"),
    ):
        with pytest.raises(StoreError) as refused:
            act()
        assert refused.value.code == "erased"


def test_a_clean_row_of_the_same_identity_is_another_record_with_a_warning(store: Store) -> None:
    release(store, entry("甲"))
    record = ids(store)["甲"]
    store.erase(records=[("fees", record)], ground="判决")
    lay(store, entry("甲", "2"))
    assert [w.code for w in store.draft_diff("fees").warnings] == ["erased-before"]
    store.publish("fees", effective_on=MIDDLE)
    assert said(store) == {"甲": "2"}
    assert ids(store)["甲"] != record


def test_one_erasure_speaks_of_one_dataset(store: Store) -> None:
    release(store, entry("甲"))
    dataset, _ = fees_dataset("others", parts=())
    store.create_dataset(dataset, catalogue())
    release(store, entry("乙"), part=None, dataset="others")
    with pytest.raises(StoreError) as refused:
        store.erase(
            records=[("fees", ids(store)["甲"]), ("others", ids(store, "others")["乙"])], ground="判决"
        )
    assert refused.value.code == "one-dataset"


def test_an_erasure_that_was_interrupted_is_finished_when_the_site_is_opened(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'qingdan.db'}"
    store = Store.open(url, sources=tmp_path / "sources", clock=clock)
    store.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020")
    store.create_dataset(*fees_dataset())
    record = publish_secret(store)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "scrub", lambda _: None)  # as a kill between the release and the scrubbing
        store.erase(records=[("fees", record)], ground="判决")
    store.close()
    assert files_holding(tmp_path, SECRET)
    Store.open(url, sources=tmp_path / "sources", clock=clock).close()
    assert files_holding(tmp_path, SECRET) == []
