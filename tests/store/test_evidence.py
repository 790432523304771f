"""Evidence on both databases: pages, their answers, what is noticed, and what an erasure takes with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from publisher.log.blob_store import digest_of
from publisher.log.evidence.crawled_pages import WARC, Answer, Page, Understood
from publisher.log.log import Store
from publisher.log.model import Entry, Gathered, Source, StoreError
from schemas.definition.file_loader import load
from tests.store.site import EARLY, fees_dataset

NOW = datetime(2026, 11, 25, tzinfo=UTC)
URL = "http://a.example/1.html"


def found(store: Store, url: str = URL, source: str = "a") -> Page:
    store.found(source, [(url, "标题")], role="document")
    page = store.page_at(source, url)
    assert page is not None
    return page


def answer(page: Page, body: bytes = b"one", *, status: int = 200, etag: str | None = None) -> Answer:
    return Answer(
        page.key, NOW, status, b"warc " + body + str(status).encode(), digest_of(body), len(body), etag
    )


def read(store: Store, page: Page, said: str, **more: str | bytes | int) -> tuple[str, ...]:
    now = store.page(page.key)
    understood = Understood(page.key, now.body_digest or "", "1", digest_of(said.encode()), **more)  # type: ignore[arg-type]
    return tuple(notice.detected_by for notice in store.understood([understood]))


def test_addresses_are_remembered_once_for_each_source(store: Store) -> None:
    links = [(f"http://a.example/{n}", "") for n in range(900)]
    assert store.found("a", links, role="document") == 900
    assert store.found("a", [*links, ("http://a.example/new", "")], role="document") == 1
    assert store.found("b", links[:1], role="document") == 1
    assert len(store.pages("a", role="document", checked_before=NOW)) == 901


def test_a_change_is_noticed_by_its_first_sign_once_its_text_is_another(store: Store) -> None:
    page = found(store)
    store.keep([answer(page, etag='"1"')])
    assert read(store, page, "文") == ()
    store.keep([answer(page, b"two", etag='"2"')])
    assert store.page(page.key).suspected_by == "etag"
    assert read(store, page, "文") == ()  # its bytes differ and its text does not
    store.keep([answer(page, b"three", etag='"2"')])
    assert read(store, page, "另一段文") == ("length",)
    (notice,) = store.notices()
    assert (notice.kind, notice.url) == ("changed", URL)
    before, after = store.response(notice.before or 0), store.response(notice.after or 0)
    assert (before.length, after.length) == (3, 5)


def test_a_page_vanishes_once_and_returns(store: Store) -> None:
    page = found(store)
    assert store.keep([answer(page, status=404)]) == ()  # it never was there
    store.keep([answer(page)])
    kinds = [
        [notice.kind for notice in store.keep([answer(page, b"x", status=status)])]
        for status in (500, 404, 404, 304, 200)
    ]
    assert kinds == [[], ["vanished"], [], [], ["returned"]]
    assert [notice.kind for notice in store.notices(newest=True, limit=1)] == ["returned"]


def test_what_comes_instead_of_a_document_leaves_it_known_as_it_was(store: Store) -> None:
    page = found(store)
    store.keep([answer(page, etag='"1"')])
    read(store, page, "文", number="号", named="名", sketch=b"1234")
    good = store.page(page.key)
    kinds = []
    for body, instead in ((b"sorry", "absent"), (b"sorry", "absent"), (b"\x1f", "spoilt")):
        assert store.keep([answer(page, body)]) == ()
        notices = store.understood([Understood(page.key, digest_of(body), "1", instead=instead)])  # type: ignore[arg-type]
        kinds.append([(one.kind, one.detected_by) for one in notices])
    assert kinds == [[("vanished", "length")], [], []]
    now = store.page(page.key)
    assert (now.body_digest, now.response, now.number, now.taken) == (
        good.body_digest,
        good.response,
        "号",
        True,
    )
    assert (now.etag, now.vanished_at is None) == (None, False)
    assert [one.kind for one in store.keep([answer(page)])] == ["returned"]
    assert store.page(page.key).vanished_at is None


def test_a_document_that_returned_with_another_text_is_told_when_it_is_read(store: Store) -> None:
    page = found(store)
    store.keep([answer(page)])
    read(store, page, "文")
    store.keep([answer(page, status=404)])
    assert store.keep([answer(page, b"other")]) == ()
    now = store.page(page.key)
    notices = store.understood([Understood(page.key, now.body_digest or "", "1", digest_of(b"x"))])
    assert [one.kind for one in notices] == ["returned", "changed"]


def test_a_page_that_failed_is_due_again_ever_later(store: Store) -> None:
    page = found(store)
    hour = timedelta(hours=1)

    def due(after: timedelta) -> bool:
        now = NOW + after
        retries = (now, now - hour, now - 2 * hour)
        return bool(store.pages("a", role="document", checked_before=now - 5 * hour, retries=retries))

    assert due(hour / 2)
    store.unreachable(page.key, NOW, again=True)
    assert due(hour / 2)
    store.keep([answer(page, status=503)])
    assert (due(hour / 2), due(1.5 * hour)) == (False, True)
    store.unreachable(page.key, NOW, again=True)
    assert (due(1.5 * hour), due(2.5 * hour)) == (False, True)
    store.unreachable(page.key, NOW, again=False)
    assert (due(4 * hour), due(6 * hour)) == (False, True)


def test_what_was_kept_and_not_read_is_known(store: Store) -> None:
    page = found(store)
    store.keep([answer(page)])
    assert [one.url for one in store.unread("a", role="document", parser_version="1")] == [URL]
    read(store, page, "文")
    assert store.unread("a", role="document", parser_version="1") == ()
    assert len(store.unread("a", role="document", parser_version="2")) == 1


def test_bytes_that_an_erasure_swept_meanwhile_are_not_named(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = found(store)
    monkeypatch.setattr(store._sources, "put", lambda *_: None)
    with pytest.raises(StoreError) as refused:
        store.keep([answer(page)])
    assert refused.value.code == "source-missing"
    assert store.responses(page.key) == ()


def test_only_one_collects_and_the_worker_is_not_in_its_way(store: Store, url: str, tmp_path: Path) -> None:
    other = Store.open(url, sources=tmp_path / "sources")
    with store.collecting_lock() as mine, other.collecting_lock() as theirs, other.worker_lock() as worker:
        assert (mine, theirs, worker) == (True, False, True)
    other.close()


def test_an_erasure_destroys_answers_of_the_page_its_copies_its_attachments_and_its_list(
    store: Store,
) -> None:
    dataset, _ = fees_dataset()
    catalogue = load("policies")

    store.create_dataset(replace(dataset, name="zhengce", parts=()), catalogue)
    store.found("a", [("http://a.example/list", "")], role="list")
    listed = store.page_at("a", "http://a.example/list")
    assert listed is not None
    store.found("a", [(URL, "秘密")], role="document", parent=listed.key)
    secret, other = store.page_at("a", URL), found(store, "http://a.example/2.html")
    assert secret is not None
    copy = found(store, "http://b.example/1.html", "b")
    store.found("a", [("http://a.example/1.pdf", "秘密附件")], role="attachment", parent=secret.key)
    file = store.page_at("a", "http://a.example/1.pdf")
    assert file is not None
    for n, page in enumerate((listed, secret, other, copy, file)):
        store.keep([answer(page, b"%d" % n)])
    read(store, copy, "秘密", copy_of=secret.key)
    gathered = []
    for page, title in ((secret, "秘密的通知"), (other, "公开的通知")):
        (response,) = store.responses(page.key)
        source = Source(response.digest, page.url, WARC, response.size, NOW, page.url)
        gathered.append(Gathered([Entry({"title": title, "issuer": "鞍山市"})], source, "1"))
        read(store, page, title, number=title, named=title, sketch=b"1234")
    store.stage_all("zhengce", gathered, catalogue=catalogue)
    store.publish("zhengce", effective_on=EARLY)
    (record,) = store.find("zhengce", "秘密的通知")
    assert {page.url for page in store.evidence("zhengce", record.id)} == {URL, copy.url}
    store.erase(records=[("zhengce", record.id)], ground="法院裁定")
    left = {
        page.url: [not r.destroyed for r in store.responses(page.key)]
        for page in (listed, secret, other, copy, file)
    }
    assert left == {
        listed.url: [False],
        URL: [False],
        other.url: [True],
        copy.url: [False],
        file.url: [False],
    }
    for page in (listed, secret, copy, file):
        (response,) = store.responses(page.key)
        with pytest.raises(StoreError):
            store.source_bytes(response.digest)
    (kept,) = store.responses(other.key)
    assert store.source_bytes(kept.digest)
    assert [
        page.url
        for page in store.pages("a", role="document", checked_before=datetime(2100, 1, 1, tzinfo=UTC))
    ] == [other.url]
    with store._database.read() as conn:
        rows = str(conn.execute(text("SELECT * FROM page")).all())
    assert "秘密" not in rows
    assert store.verify().ok
