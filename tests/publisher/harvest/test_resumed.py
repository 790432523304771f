"""A run that ends after any of its writes is completed by the next, although the server answers 304."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from publisher.harvest.fetcher import TRIES
from publisher.ingest.findings.files import DAMAGED
from publisher.ingest.formats.errors import ReaderStoppedError
from publisher.ingest.formats.sandbox import fork_server
from publisher.log.database.connection import Database
from tests.publisher.harvest.answers.test_document_pages import TEXTS
from tests.publisher.harvest.answers.test_document_pages import page as page_of_several
from tests.publisher.harvest.answers.test_vanishing import run_here
from tests.publisher.harvest.conftest import Collector, codes, make_due
from tests.publisher.harvest.test_documents import word
from tests.support.government import html, letter, listing, page
from tests.support.servers.loopback import Answer, WebRequest, Write

pytestmark = pytest.mark.slow

NEXT = '<p><a href="{}">下一页</a></p>'
FILE = '<p><a href="/f/{}">附件：细则</a></p>'


class Website:
    """A site whose every page has an ETag, and answers 304 while it is the same."""

    def __init__(self, collector: Collector) -> None:
        self.collector, self.pages = collector, dict[str, Answer]()

    def put(self, path: str, answer: Answer) -> None:
        self.pages[path] = answer
        self.collector.web.answers[path] = self.answer

    def answer(self, request: WebRequest, _write: Write) -> Answer:
        answer = self.pages[request.path]
        tag = f'"{hash(answer.body)}"'
        if request.headers.get("if-none-match") == tag:
            return Answer(status=304)
        return Answer(answer.body, headers={**answer.headers, "ETag": tag})

    def put_first(self) -> None:
        """Publish two lists, documents in two pages, and an attachment."""
        self.put("/list.html", listing(items(9, 2), more=NEXT.format("/list_2.html")))
        self.put("/list_2.html", listing(items(3)))
        first, second, last = TEXTS
        self.put("/d/9.html", page_of_several(first, NEXT.format("/d/9_2.html")))
        self.put("/d/9_2.html", page_of_several(second, NEXT.format("/d/9_3.html")))
        self.put("/d/9_3.html", page_of_several(last, ""))
        self.put("/d/2.html", html(page(2, extra=FILE.format("2.docx"))))
        self.put("/d/3.html", html(page(3)))
        self.put("/f/2.docx", Answer(word("附件的第一稿。")))

    def put_second(self) -> None:
        """Publish a document on each list, and change a further page and the attachment."""
        self.put("/list.html", listing(items(4, 9, 2), more=NEXT.format("/list_2.html")))
        self.put("/list_2.html", listing(items(5, 3)))
        self.put("/d/4.html", html(page(4)))
        self.put("/d/5.html", html(page(5)))
        self.put("/d/9_3.html", page_of_several(TEXTS[2].replace("落实责任", "落实经费"), ""))
        self.put("/f/2.docx", Answer(word("附件的第二稿。")))


def items(*numbers: int) -> list[tuple[str, str, str]]:
    return [(f"/d/{n}.html", letter(n)[0], f"2015-04-{n:02}") for n in numbers]


@contextmanager
def killed_after(writes: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Let every transaction fail after so many, as if the process had ended. → number of those kept."""
    real, kept = Database.write, [0]

    @contextmanager
    def write(self: Database, *, keep: bool = True) -> Iterator[Connection]:
        if kept[0] >= writes:
            raise KeyboardInterrupt
        with real(self, keep=keep) as conn:
            yield conn
        kept[0] += 1

    with monkeypatch.context() as patch:
        patch.setattr(Database, "write", write)
        yield kept


def assert_complete(collector: Collector, *, second: bool) -> None:
    documents = {one["number"]: one for one in collector.draft()}
    numbers = [2, 3, 4, 5, 9] if second else [2, 3, 9]
    assert sorted(documents) == [f"鞍政发〔2015〕{n}号" for n in numbers]
    assert ("落实经费" if second else "落实责任") in documents["鞍政发〔2015〕9号"]["body_markdown"]
    with_file = documents["鞍政发〔2015〕2号"]
    assert ("附件的第二稿" if second else "附件的第一稿") in with_file["body_markdown"]
    assert all("sha256" in file for file in with_file["attachments"])


SAMPLED = {1: (5, 9, 13, 16), 2: (6, 7, 10)}
CASES = [
    pytest.param(round_, writes, marks=() if writes in SAMPLED[round_] else pytest.mark.soak)
    for round_, most in ((1, 18), (2, 15))
    for writes in range(2, most)
]


@pytest.mark.parametrize(("round_", "writes"), CASES)
def test_a_run_killed_between_any_two_writes_is_completed_by_the_next(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, round_: int, writes: int
) -> None:
    website = Website(collector)
    website.put_first()
    if round_ == 2:
        collector.collect()
        website.put_second()
        make_due(collector)
    with killed_after(writes, monkeypatch):
        assert collector.run().code == 130
    assert set(codes(collector.collect())) <= {"source-changed"}
    assert_complete(collector, second=round_ == 2)


def test_a_further_list_that_failed_is_requested_at_the_next_run_although_the_first_is_the_same(
    collector: Collector,
) -> None:
    website = Website(collector)
    website.put_first()
    whole = collector.web.answers["/list_2.html"]
    collector.web.answers["/list_2.html"] = Answer(status=500, headers={"Retry-After": "0"})
    assert collector.collect()["read"] == 2
    collector.web.answers["/list_2.html"] = whole
    assert collector.collect()["read"] == 1
    website.put_second()
    collector.web.answers["/list_2.html"] = Answer(status=500, headers={"Retry-After": "0"})
    assert collector.collect()["read"] == 1
    collector.web.answers["/list_2.html"] = whole
    assert collector.collect()["read"] == 1
    paths = collector.web.paths()
    assert paths.count("/list_2.html") == 2 * (TRIES + 1)
    collector.collect()
    assert collector.web.paths().count("/list_2.html") == 2 * (TRIES + 1)


def test_a_list_that_could_not_be_read_is_requested_without_its_etag(collector: Collector) -> None:
    website = Website(collector)
    website.put_first()
    whole = website.pages["/list.html"]
    packed = {**whole.headers, "Content-Encoding": "gzip"}
    website.put("/list.html", Answer(gzip.compress(whole.body)[:-9], headers=packed))
    assert codes(collector.collect()) == ["answer-damaged"]
    assert codes(collector.collect()) == ["answer-damaged"]
    website.put("/list.html", whole)
    assert collector.collect()["read"] == 3


def test_a_further_page_of_a_document_that_failed_is_requested_at_the_next_run(collector: Collector) -> None:
    website = Website(collector)
    website.put_first()
    whole = collector.web.answers["/d/9_3.html"]
    collector.web.answers["/d/9_3.html"] = Answer(status=500, headers={"Retry-After": "0"})
    collector.collect()
    collector.web.answers["/d/9_3.html"] = whole
    collector.collect()
    assert_complete(collector, second=False)
    assert collector.web.paths().count("/d/9.html") == 1
    before = len(collector.web.requests)
    collector.collect()
    assert collector.web.paths()[before:] == ["/robots.txt", "/list.html"]


def test_what_a_reader_that_was_killed_did_not_read_is_read_at_the_next_run(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    website = Website(collector)
    website.put_first()
    with monkeypatch.context() as patch:
        patch.setattr(fork_server, "_exchange", lambda _module, _request: b"")  # as after a kill
        assert codes(collector.collect()) == ["file-damaged"]  # the list
        patch.undo()
        patch.setattr("publisher.harvest.extraction.run_limited", stop)
        patch.setattr("publisher.harvest.attachments.run_limited", stop)
        assert codes(collector.collect()) == ["page-failed"] * 3
    collector.collect()
    assert_complete(collector, second=False)


def stop(*_arguments: object, **_words: object) -> None:
    raise ReaderStoppedError(DAMAGED, "the parser stopped")


def test_a_newer_parser_does_not_make_a_page_return_that_is_gone(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    Website(collector).put_first()
    collector.collect()
    del collector.web.answers["/d/3.html"]
    make_due(collector)
    assert codes(collector.collect()) == ["source-vanished"]
    monkeypatch.setattr("publisher.ingest.documents.official_document.PARSER_VERSION", "next")
    monkeypatch.setattr("publisher.harvest.extraction.run_limited", run_here)
    report = collector.collect()
    assert (report["read"], codes(report)) == (3, [])


def test_a_page_that_is_not_modified_since_nothing_is_requested_at_the_next_run(collector: Collector) -> None:
    website = Website(collector)
    website.put_first()
    whole = {path: collector.web.answers[path] for path in ("/list_2.html", "/d/2.html", "/d/9_3.html")}
    collector.web.answers |= dict.fromkeys(whole, Answer(status=304))
    assert codes(collector.collect()).count("answer-status") == 3
    collector.web.answers |= whole
    collector.collect()
    assert_complete(collector, second=False)
