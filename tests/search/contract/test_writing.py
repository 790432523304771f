"""Writes to an index: versions, erasure, rebuilds, marks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from msgspec import structs

from search.contract import Document, Request, SearchEngine
from tests.search.documents import TODAY, call, document, index, search, spans


def test_the_same_span_twice_is_one_document(engine: SearchEngine) -> None:
    assert index(engine, [document("x", "东城道路占用"), document("x", "西城道路占用", version=2)]) == 2
    index(engine, [document("x", "北城道路占用", version=3)])
    assert call(engine.count) == 1
    assert spans(engine, "北城") == ["x"]
    assert spans(engine, "东城道路占用") == ["x"]  # it still contains 道路占用
    assert search(engine, "“东城”").total == 0


def test_the_larger_version_wins_even_if_the_smaller_comes_later(engine: SearchEngine) -> None:
    index(engine, [document("x", "新的许可", version=7)])
    index(engine, [document("x", "旧的检查", version=3), document("y", "另一检查", version=4)])
    assert call(engine.count) == 2
    assert spans(engine, "检查") == ["y"]
    assert spans(engine, "许可") == ["x"]


def test_a_span_that_closes_leaves_the_present_and_stays_in_the_past(engine: SearchEngine) -> None:
    now = document("x", "道路占用费", effective=(100, 2**62))
    index(engine, [now])
    index(engine, [structs.replace(now, effective_to=200, version=2)])
    assert spans(engine, "道路占用费") == []
    assert spans(engine, "道路占用费", as_of=150) == ["x"]


def test_a_withdrawn_span_disappears_at_once_even_without_a_newer_publication(
    engine: SearchEngine,
) -> None:
    stated = document("x", "道路占用费", known_span=(100, 2**62))
    index(engine, [stated])
    index(engine, [structs.replace(stated, known_to=150, version=2)])
    assert spans(engine, "道路占用费") == []
    assert spans(engine, "道路占用费", known_at=149) == ["x"]


def test_writing_the_same_twice_changes_nothing(engine: SearchEngine) -> None:
    documents = [document(f"x{i}", f"第{i}项许可") for i in range(30)]
    index(engine, documents)
    before = search(engine, "许可", facets=("dataset",), limit=30)
    index(engine, documents)
    assert search(engine, "许可", facets=("dataset",), limit=30) == before


def test_a_word_is_matched_whole_even_when_no_document_contains_it(engine: SearchEngine) -> None:
    """Text that contains its characters only across two other words never counts as a match."""
    index(engine, [document("a", "民政事务"), document("b", "人民政府办公")])
    assert spans(engine, "民政") == ["a"]
    index(engine, [document("a", "教育事务", version=2)])
    page = search(engine, "民政")
    assert (page.total, page.all_words_total) == (0, 0)
    index(engine, [document("c", "民政服务", version=3)])
    assert spans(engine, "民政") == ["c"]


def test_erased_text_is_in_no_file(engine: SearchEngine, tmp_path: Path) -> None:
    secret = "朱雀玄武青龙"
    index(engine, [document(f"x{i}", f"第{i}项许可", "普通内容") for i in range(50)])
    index(engine, [document("s", secret, f"{secret}的内容", version=2, body=secret)])
    assert spans(engine, secret) == ["s"]
    call(engine.erase, ["s"])
    assert search(engine, secret).total == 0
    assert call(engine.count) == 50
    assert call(engine.position) == 2
    needles = [secret.encode(), secret[:2].encode(), secret[2:4].encode()]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert not any(needle in path.read_bytes() for needle in needles), path


def test_an_erasure_keeps_documents_with_facets_of_a_sites_own_catalogue(engine: SearchEngine) -> None:
    index(engine, [document("own", "水井许可", village="东村"), document("other", "水井处罚")])
    anyio.run(engine.erase, ["other"])
    assert spans(engine, "水井", filters={"village": ("东村",)}) == ["own"]


def test_erasing_a_missing_span_does_nothing(engine: SearchEngine) -> None:
    call(engine.erase, ["nothing"])
    index(engine, [document("x", "许可")])
    call(engine.erase, ["nothing"])
    assert call(engine.count) == 1


def test_a_rebuild_replaces_everything(engine: SearchEngine) -> None:
    index(engine, [document("old", "旧的许可", version=9)])
    fresh = [document(f"x{i}", f"第{i}项许可", version=i) for i in range(30)]
    assert call(engine.rebuild, iter(fresh)) == 30
    assert call(engine.count) == 30
    assert search(engine, "“旧的许可”").total == 0


def test_a_rebuild_that_fails_leaves_the_old_index(engine: SearchEngine, tmp_path: Path) -> None:
    index(engine, [document("old", "旧的许可")])

    def broken() -> Iterator[Document]:
        yield document("new", "新的许可")
        raise RuntimeError("the log went away")

    with pytest.raises(RuntimeError):
        call(engine.rebuild, broken())
    assert spans(engine, "许可") == ["old"]
    index(engine, [document("next", "下一许可")])
    assert call(engine.count) == 2


def test_a_write_that_fails_writes_nothing(engine: SearchEngine) -> None:
    index(engine, [document("old", "旧的许可")])

    def broken() -> Iterator[Document]:
        yield document("new", "新的许可")
        raise RuntimeError("the log went away")

    with pytest.raises(RuntimeError):
        index(engine, broken())
    assert call(engine.count) == 1


def test_searches_are_answered_while_the_index_is_rebuilt(engine: SearchEngine) -> None:
    old = [document(f"x{i}", f"第{i}项许可") for i in range(40)]
    index(engine, old)

    async def search_and_rebuild() -> list[int]:
        totals: list[int] = []
        finished = anyio.Event()

        def slow() -> Iterator[Document]:
            for one in [*old, *(structs.replace(d, span="n" + d.span) for d in old)]:
                anyio.from_thread.run(anyio.sleep, 0)
                yield one

        async def rebuild() -> None:
            await engine.rebuild(slow())
            finished.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rebuild)
            while not finished.is_set():
                totals.append((await engine.search(Request("许可", as_of=TODAY))).total)
        totals.append((await engine.search(Request("许可", as_of=TODAY))).total)
        return totals

    totals = anyio.run(search_and_rebuild)
    assert set(totals) <= {40, 80}
    assert totals[-1] == 80


def test_the_position_is_the_largest_version_or_mark(engine: SearchEngine) -> None:
    index(engine, [document("x", "许可", version=12), document("y", "检查", version=5)])
    assert call(engine.position) == 12
    call(engine.mark, 40)
    assert call(engine.position) == 40
    call(engine.mark, 13)
    assert call(engine.position) == 40


def test_a_mark_before_the_first_document_is_remembered(engine: SearchEngine) -> None:
    call(engine.mark, 3)
    assert call(engine.position) == 3
    assert search(engine, "许可").total == 0
    index(engine, [document("x", "许可", version=9)])
    assert call(engine.position) == 9
