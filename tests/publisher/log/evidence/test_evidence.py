"""Evidence on both databases: pages, responses, noticed changes, and the effects of an erasure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import text

from publisher.log.blob_store import digest_of
from publisher.log.drafts.staging import SourceEntries
from publisher.log.evidence.harvested_pages import WARC, Exchange, Page, ParsedPage
from publisher.log.evidence.source_runs import MOST_RUNS
from publisher.log.log import Log
from publisher.log.model import DraftEntry, LogError, Source
from schemas.definition.file_loader import load_catalogue
from tests.support.log import EARLY, fees_dataset

NOW = datetime(2026, 11, 25, tzinfo=UTC)
URL = "http://a.example/1.html"


def add_page(log: Log, url: str = URL, source: str = "a") -> Page:
    log.evidence.add_links(source, [(url, "标题")], role="document")
    page = log.evidence.page_at(source, url)
    assert page is not None
    return page


def exchange(page: Page, body: bytes = b"one", *, status: int = 200, etag: str | None = None) -> Exchange:
    return Exchange(
        page.key, NOW, status, b"warc " + body + str(status).encode(), digest_of(body), len(body), etag
    )


def parse_page(log: Log, page: Page, text: str, **more: str | bytes | int) -> tuple[str, ...]:
    now = log.evidence.page(page.key)
    parsed_page = ParsedPage(page.key, now.body_digest or "", "1", digest_of(text.encode()), **more)  # type: ignore[arg-type]
    return tuple(notice.detected_by for notice in log.evidence.store_parsed([parsed_page]))


def test_addresses_are_remembered_once_for_each_source(log: Log) -> None:
    links = [(f"http://a.example/{n}", "") for n in range(900)]
    assert log.evidence.add_links("a", links, role="document") == 900
    assert log.evidence.add_links("a", [*links, ("http://a.example/new", "")], role="document") == 1
    assert log.evidence.add_links("b", links[:1], role="document") == 1
    assert len(log.evidence.pages("a", role="document", checked_before=NOW)) == 901


def test_a_change_is_noticed_by_its_first_sign_once_its_text_is_another(log: Log) -> None:
    page = add_page(log)
    log.evidence.store_exchanges([exchange(page, etag='"1"')])
    assert parse_page(log, page, "文") == ()
    log.evidence.store_exchanges([exchange(page, b"two", etag='"2"')])
    assert log.evidence.page(page.key).suspected_by == "etag"
    assert parse_page(log, page, "文") == ()  # its bytes changed and its text did not
    log.evidence.store_exchanges([exchange(page, b"three", etag='"2"')])
    assert parse_page(log, page, "另一段文") == ("length",)
    (notice,) = log.evidence.notices()
    assert (notice.kind, notice.url) == ("changed", URL)
    before, after = log.evidence.response(notice.before or 0), log.evidence.response(notice.after or 0)
    assert (before.length, after.length) == (3, 5)


def test_a_page_vanishes_once_and_returns(log: Log) -> None:
    page = add_page(log)
    assert log.evidence.store_exchanges([exchange(page, status=404)]) == ()  # it never existed
    log.evidence.store_exchanges([exchange(page)])
    kinds = [
        [notice.kind for notice in log.evidence.store_exchanges([exchange(page, b"x", status=status)])]
        for status in (500, 404, 404, 304, 200)
    ]
    assert kinds == [[], ["vanished"], [], [], ["returned"]]
    assert [notice.kind for notice in log.evidence.notices(newest=True, limit=1)] == ["returned"]


def test_a_page_that_vanished_is_asked_for_without_conditions(log: Log) -> None:
    removed, replaced = add_page(log), add_page(log, "http://a.example/2.html")
    for page in (removed, replaced):
        log.evidence.store_exchanges([structs.replace(exchange(page, etag='"1"'), modified="x")])
    log.evidence.store_exchanges([exchange(removed, status=404)])
    for days in range(3):
        bad = structs.replace(exchange(replaced, b"sorry"), is_page=False, at=NOW + timedelta(days=days))
        log.evidence.store_exchanges([bad])
    for page in (removed, replaced):
        now = log.evidence.page(page.key)
        assert (now.vanished_at is None, now.etag, now.modified) == (False, None, None)
        assert [one.kind for one in log.evidence.store_exchanges([exchange(page)])] == ["returned"]


def test_a_page_in_place_of_a_document_leaves_its_record_unchanged(log: Log) -> None:
    page = add_page(log)
    log.evidence.store_exchanges([exchange(page, etag='"1"')])
    parse_page(log, page, "文", number="号", title_key="名", sketch=b"1234")
    good = log.evidence.page(page.key)
    kinds = []
    for body, replacement in ((b"sorry", "absent"), (b"sorry", "absent"), (b"\x1f", "spoilt")):
        assert log.evidence.store_exchanges([exchange(page, body)]) == ()
        parsed = ParsedPage(page.key, digest_of(body), "1", replacement=replacement)  # type: ignore[arg-type]
        notices = log.evidence.store_parsed([parsed])
        kinds.append([(one.kind, one.detected_by) for one in notices])
    assert kinds == [[("vanished", "length")], [], []]
    now = log.evidence.page(page.key)
    assert (now.body_digest, now.response, now.number, now.is_document) == (
        good.body_digest,
        good.response,
        "号",
        True,
    )
    assert (now.etag, now.vanished_at is None) == (None, False)
    assert [one.kind for one in log.evidence.store_exchanges([exchange(page)])] == ["returned"]
    assert log.evidence.page(page.key).vanished_at is None


def test_a_document_that_returned_with_another_text_is_reported_when_it_is_parsed(log: Log) -> None:
    page = add_page(log)
    log.evidence.store_exchanges([exchange(page)])
    parse_page(log, page, "文")
    log.evidence.store_exchanges([exchange(page, status=404)])
    assert log.evidence.store_exchanges([exchange(page, b"other")]) == ()
    now = log.evidence.page(page.key)
    notices = log.evidence.store_parsed([ParsedPage(page.key, now.body_digest or "", "1", digest_of(b"x"))])
    assert [one.kind for one in notices] == ["returned", "changed"]


def test_a_page_that_failed_is_due_again_ever_later(log: Log) -> None:
    page = add_page(log)
    hour = timedelta(hours=1)

    def due(after: timedelta) -> bool:
        now = NOW + after
        retries = (now, now - hour, now - 2 * hour)
        return bool(log.evidence.pages("a", role="document", checked_before=now - 5 * hour, retries=retries))

    assert due(hour / 2)
    log.evidence.mark_unreachable(page.key, NOW, retry_early=True)
    assert due(hour / 2)
    log.evidence.store_exchanges([exchange(page, status=503)])
    assert (due(hour / 2), due(1.5 * hour)) == (False, True)
    log.evidence.mark_unreachable(page.key, NOW, retry_early=True)
    assert (due(1.5 * hour), due(2.5 * hour)) == (False, True)
    log.evidence.mark_unreachable(page.key, NOW, retry_early=False)
    assert (due(4 * hour), due(6 * hour)) == (False, True)


def test_a_page_that_was_fetched_while_the_clock_was_ahead_is_due(log: Log) -> None:
    page = add_page(log)
    log.evidence.mark_unreachable(page.key, datetime.now(UTC) + timedelta(days=365), retry_early=False)

    def due(now: datetime | None) -> bool:
        return bool(log.evidence.pages("a", role="document", checked_before=NOW, now=now))

    assert (due(None), due(NOW)) == (False, True)
    log.evidence.mark_unreachable(page.key, NOW, retry_early=False)
    assert not due(NOW)


def test_pages_stored_and_not_parsed_are_listed(log: Log) -> None:
    page = add_page(log)
    log.evidence.store_exchanges([exchange(page)])
    assert [one.url for one in log.evidence.unparsed_pages("a", role="document", parser_version="1")] == [URL]
    parse_page(log, page, "文")
    assert log.evidence.unparsed_pages("a", role="document", parser_version="1") == ()
    assert len(log.evidence.unparsed_pages("a", role="document", parser_version="2")) == 1


def test_a_response_whose_bytes_an_erasure_deleted_meanwhile_is_not_stored(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = add_page(log)
    monkeypatch.setattr(log._session.sources, "put", lambda *_: None)
    with pytest.raises(LogError) as refused:
        log.evidence.store_exchanges([exchange(page)])
    assert refused.value.code == "source-missing"
    assert log.evidence.responses(page.key) == ()


def test_only_one_process_harvests_while_the_worker_runs(log: Log, url: str, tmp_path: Path) -> None:
    other = Log.open(url, sources=tmp_path / "sources")
    with log.evidence.lock() as first, other.evidence.lock() as second, other.outbox.lock() as worker:
        assert (first, second, worker) == (True, False, True)
    other.close()


def test_an_erasure_destroys_responses_of_the_page_its_copies_its_attachments_and_its_list(
    log: Log,
) -> None:
    dataset, _ = fees_dataset()
    catalogue = load_catalogue("policies")

    log.datasets.create(structs.replace(dataset, name="zhengce", parts=()), catalogue)
    log.evidence.add_links("a", [("http://a.example/list", "")], role="list")
    listed = log.evidence.page_at("a", "http://a.example/list")
    assert listed is not None
    log.evidence.add_links("a", [(URL, "秘密")], role="document", parent=listed.key)
    secret, other = log.evidence.page_at("a", URL), add_page(log, "http://a.example/2.html")
    assert secret is not None
    copy = add_page(log, "http://b.example/1.html", "b")
    log.evidence.add_links(
        "a", [("http://a.example/1.pdf", "秘密附件")], role="attachment", parent=secret.key
    )
    file = log.evidence.page_at("a", "http://a.example/1.pdf")
    assert file is not None
    for n, page in enumerate((listed, secret, other, copy, file)):
        log.evidence.store_exchanges([exchange(page, b"%d" % n)])
    parse_page(log, copy, "秘密", copy_of=secret.key)
    imports = []
    for page, title in ((secret, "秘密的通知"), (other, "公开的通知")):
        (response,) = log.evidence.responses(page.key)
        source = Source(response.digest, page.url, WARC, response.size, NOW, page.url)
        imports.append(SourceEntries([DraftEntry({"title": title, "issuer": "鞍山市"})], source, "1"))
        parse_page(log, page, title, number=title, title_key=title, sketch=b"1234")
    log.drafts.stage_all("zhengce", imports, catalogue=catalogue)
    log.releases.publish("zhengce", effective_on=EARLY)
    (record,) = log.queries.find_by_title("zhengce", "秘密的通知")
    assert {page.url for page in log.evidence.pages_of_record("zhengce", record.id)} == {URL, copy.url}
    log.releases.erase(records=[("zhengce", record.id)], ground="法院裁定")
    contents = {
        page.url: [not r.destroyed for r in log.evidence.responses(page.key)]
        for page in (listed, secret, other, copy, file)
    }
    assert contents == {
        listed.url: [False],
        URL: [False],
        other.url: [True],
        copy.url: [False],
        file.url: [False],
    }
    for page in (listed, secret, copy, file):
        (response,) = log.evidence.responses(page.key)
        with pytest.raises(LogError):
            log.evidence.source_bytes(response.digest)
    (remaining,) = log.evidence.responses(other.key)
    assert log.evidence.source_bytes(remaining.digest)
    assert [
        page.url
        for page in log.evidence.pages("a", role="document", checked_before=datetime(2100, 1, 1, tzinfo=UTC))
    ] == [other.url]
    with log._session.database.read() as conn:
        rows = str(conn.execute(text("SELECT * FROM page")).all())
    assert "秘密" not in rows
    assert log.integrity.verify().ok


def test_a_document_whose_attachment_was_erased_is_fetched_again(log: Log) -> None:
    dataset, _ = fees_dataset()
    catalogue = load_catalogue("policies")
    log.datasets.create(structs.replace(dataset, name="zhengce", parts=()), catalogue)
    page = add_page(log)
    log.evidence.add_links("a", [("http://a.example/1.pdf", "")], role="attachment", parent=page.key)
    file = log.evidence.page_at("a", "http://a.example/1.pdf")
    assert file is not None
    log.evidence.store_exchanges([structs.replace(exchange(page, etag='"1"'), modified="x")])
    log.evidence.store_exchanges([exchange(file, b"file")])
    parse_page(log, page, "文", sketch=b"1234")
    (response,) = log.evidence.responses(file.key)
    source = Source(response.digest, file.url, WARC, response.size, NOW, file.url)
    entries = SourceEntries([DraftEntry({"title": "附件的表", "issuer": "鞍山市"})], source, "1")
    log.drafts.stage_all("zhengce", [entries], catalogue=catalogue)
    log.releases.publish("zhengce", effective_on=EARLY)
    (record,) = log.queries.find_by_title("zhengce", "附件的表")
    log.releases.erase(records=[("zhengce", record.id)], ground="法院裁定")
    now = log.evidence.page(page.key)
    assert (now.erased, now.etag, now.modified, now.response) == (False, None, None, None)
    again = structs.replace(exchange(page, etag='"1"'), warc=b"warc of the same body, fetched again")
    assert log.evidence.store_exchanges([again]) == ()
    now = log.evidence.page(page.key)
    response = log.evidence.response(now.response or 0)
    assert (response.destroyed, now.suspected_by) == (False, None)
    assert log.evidence.source_bytes(response.digest) == again.warc
    assert log.integrity.verify().ok


def test_the_newest_runs_over_a_source_are_kept_with_their_reports(log: Log) -> None:
    for number in range(MOST_RUNS + 2):
        log.evidence.end_run(log.evidence.begin_run("a"), f'{{"read":{number}}}')
    log.evidence.begin_run("a")
    log.evidence.begin_run("b")
    first, *others = log.evidence.runs("a")
    assert (first.ended_at, first.report) == (None, "")
    assert [run.report for run in others[:2]] == ['{"read":51}', '{"read":50}']
    assert (len(others) + 1, len(log.evidence.runs("b"))) == (MOST_RUNS, 1)
    assert log.integrity.verify().problems == ()


def test_the_pages_of_many_responses_are_found_at_once(log: Log) -> None:
    pages = [add_page(log, f"http://a.example/{number}.html") for number in range(3)]
    log.evidence.store_exchanges([exchange(page, str(page.key).encode()) for page in pages])
    digests = [log.evidence.responses(page.key)[0].digest for page in pages]
    asked = [*digests, *("0" * 60 + f"{n:04}" for n in range(900))]
    stored = log.evidence.pages_of_responses(asked)
    assert {digest: (page.url, one.status) for digest, (page, one) in stored.items()} == {
        digest: (page.url, 200) for digest, page in zip(digests, pages, strict=True)
    }
