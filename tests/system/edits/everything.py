"""A small site with rows in every table and a file of every kind, for edits behind the program's back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import anyio
from msgspec import structs

from publisher.harvest.report import SourceReport
from publisher.indexing import indexer
from publisher.log.approvals.submission import PublicationRequest
from publisher.log.blob_store import digest_of
from publisher.log.evidence.harvested_pages import Exchange, ParsedPage
from publisher.log.log import Log
from publisher.log.model import DraftEntry, Part
from publisher.log.transparency import signed_note, witness_protocol
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.transparency.signed_note import COSIGNATURE
from publisher.log.verification.last_run import VerificationRun
from publisher.settings import Settings, read_settings
from schemas.definition import file_loader
from schemas.definition.catalogue import Content
from search.embedded.engine import EmbeddedEngine
from tests.publisher.log.commitments import promising_site
from tests.publisher.log.drafts.test_repeals import DOCUMENTS, document
from tests.publisher.log.findings import checked_site
from tests.support.clock import Clock
from tests.support.log import put_workbook
from tests.support.site import BASE, FEES, PLAIN, demo_dataset, fill, publish

NOW = datetime(2016, 9, 1, 1, tzinfo=UTC)
"""Instant at which the finished site is read."""
_NEXT = date(2017, 1, 1)


def build(home: Path, database: str = "") -> Settings:
    """Create the site in an empty folder."""
    settings = read_settings(home, {"QINGDAN_DATABASE": database})
    clock = Clock(datetime(2016, 1, 4, 1, tzinfo=UTC))
    with opened(settings, clock) as (log, engine):
        log.datasets.init_site(BASE, "data.example.gov.cn,2016-01-04")
        log.keys.create()
        fill(log, clock)
        clock.advance(days=1)
        log.keys.rotate()
        _publish_documents(log, clock)
        _amend(log, clock)
        clock.advance(days=1)
        checked_site.publish_repealed_basis(log)
        _promise(log)
        _subscribe(log, clock)
        anyio.run(indexer.index_outbox, log, engine)
        _deliver(log, clock)
        _collect(log, clock)
        _cosign(log, clock, home.with_name("witness"))
        _draft(log, clock)
        _leave_in_outbox(log, clock)
        log.graph.update()
        log.findings.update()
        log.commitments.update()
        log.integrity.store_run(VerificationRun(clock(), clock(), 1, ("某处",)))
    return settings


@contextmanager
def opened(settings: Settings, clock: Clock) -> Iterator[tuple[Log, EmbeddedEngine]]:
    settings.home.mkdir(parents=True, exist_ok=True)
    keys = KeyFiles(settings.keys)
    log = Log.open(settings.database, sources=settings.sources, clock=clock, keys=keys)
    engine = EmbeddedEngine(settings.index)
    try:
        yield log, engine
    finally:
        log.close()
        anyio.run(engine.close)


def publish_next(log: Log) -> list[str]:
    """Publish what is drafted, and a small change of each dataset. → the documents of these releases."""
    texts = []
    for name in (FEES, DOCUMENTS):
        log.releases.publish(name, effective_on=_NEXT, basis="示政发〔2017〕1号", on_conflict="replace")
        texts.append(json.dumps([release.document for release in log.queries.releases(name)]))
    return texts


def _publish_documents(log: Log, clock: Clock) -> None:
    parts = (Part("财政局", ("财政厅",), "A1"), Part("民政局"), Part("旧局"))
    log.datasets.create(
        structs.replace(demo_dataset(DOCUMENTS, title="文件"), catalogue="policies", parts=parts),
        file_loader.load_catalogue("policies"),
    )
    _lay(log, "文件", document(1), document(2), document(3))
    _lay(log, "决定", document(9, "示政发〔2015〕1号"))
    log.drafts.decide_repeals(DOCUMENTS, ("示政发〔2015〕1号",), accept=True)
    log.releases.publish(DOCUMENTS, effective_on=date(2016, 1, 1), basis="示政发〔2016〕1号", note="首批")
    clock.advance(days=1)
    _lay(log, "又一决定", document(10, "示政发〔2015〕2号"), part="民政局")
    log.releases.publish(DOCUMENTS, effective_on=date(2016, 2, 1))
    log.drafts.decide_repeals(DOCUMENTS, ("示政发〔2015〕2号",), accept=False)
    log.datasets.rename_part(DOCUMENTS, "财政局", "财政与金融局")
    log.datasets.merge_parts(DOCUMENTS, "旧局", "民政局")
    log.datasets.close_part(DOCUMENTS, "旧局", valid_to=date(2016, 3, 1))


def _lay(log: Log, name: str, *entries: DraftEntry, part: str = "财政局") -> None:
    source = put_workbook(log, name)
    log.drafts.stage(DOCUMENTS, entries, part=part, source=source, parser_version="1")


def _amend(log: Log, clock: Clock) -> None:
    clock.advance(days=1)
    (document_two,) = log.queries.find_by_title(DOCUMENTS, "关于第3件事的通知")
    log.releases.erase(records=[(DOCUMENTS, document_two.id)], ground="法院判决")
    clock.advance(days=1)
    fees: list[Content] = [
        *PLAIN[:2],
        {"name": "停车费", "department": "市公安局", "management": "缴入地方国库"},
    ]
    publish(log, FEES, fees, date(2030, 1, 1), "示财〔2016〕3号")
    clock.advance(days=1)
    log.releases.cancel(FEES, log.queries.releases(FEES)[-1].number, reason="暂缓")
    clock.advance(days=1)
    publish(log, FEES, fees, date(2031, 1, 1), "示财〔2016〕4号")


def _promise(log: Log) -> None:
    """Publish a commitment that was met, and one that is overdue."""
    plans, evidence = promising_site.PLANS, promising_site.EVIDENCE
    promising_site.create_datasets(log, (plans, evidence))
    tasks = [promising_site.task(name, due="2016-02-01") for name in ("公布目录", "公布权责清单")]
    promising_site.publish(log, plans, *tasks, on=date(2016, 1, 1))
    rules = [
        promising_site.rule("公布目录", "发布", source=FEES),
        promising_site.rule("公布权责清单", "发布", catalogue="power-list"),
    ]
    promising_site.publish(log, evidence, *rules, on=date(2016, 1, 1))


def _subscribe(log: Log, clock: Clock) -> None:
    log.subscriptions.set_hub("https://hub.example/")
    for address in ("https://a.example/hook", "https://b.example/hook", "https://c.example/hook"):
        log.subscriptions.subscribe(address, json.dumps({"dataset": FEES}))
    first, second, _ = [s for s in log.subscriptions.all() if s.kind == "webhook"]
    log.subscriptions.confirm(first.id)
    log.subscriptions.confirm(second.id)
    log.subscriptions.mark_unconfirmed(second.id, "timeout")
    clock.advance(days=1)
    (fee,) = log.queries.find_by_title(FEES, "不动产登记费")
    log.releases.correct(FEES, {fee.id: {**PLAIN[1], "management": "缴入中央国库"}}, reason="更正")


def _deliver(log: Log, clock: Clock) -> None:
    deliveries = log.subscriptions.claim_deliveries(9)
    log.subscriptions.mark_delivered(deliveries[0], answer=204)
    log.subscriptions.mark_undelivered(
        deliveries[1], answer=500, error="500", retry_after=timedelta(hours=1), subscriber_gone=False
    )
    log.subscriptions.mark_undelivered(
        deliveries[2], answer=410, error="gone", retry_after=None, subscriber_gone=True
    )


def _collect(log: Log, clock: Clock) -> None:
    evidence = log.evidence
    evidence.add_links("site", [("https://s.example/list", "列表")], role="list")
    listing = evidence.page_at("site", "https://s.example/list")
    assert listing is not None
    links = [(f"https://s.example/{n}.html", f"标题{n}") for n in range(3)]
    evidence.add_links("site", links, role="document", parent=listing.key)
    pages = evidence.pages("site", role="document")
    for body in (b"one", b"two, longer"):
        exchanges = [
            Exchange(
                page.key,
                clock.advance(hours=1),
                200,
                b"warc %d " % page.key + body,
                digest_of(body),
                len(body),
            )
            for page in pages[:2]
        ]
        evidence.store_exchanges([structs.replace(exchanges[0], etag='"1"', modified="x"), *exchanges[1:]])
        evidence.store_parsed(
            [
                ParsedPage(page.key, digest_of(body), "1", digest_of(body), "号", "名", b"1234")
                for page in pages[:2]
            ]
        )
    evidence.mark_unreachable(pages[2].key, clock(), retry_early=True)
    evidence.add_failure(pages[2].key, clock(), "ValueError")
    gone = Exchange(pages[1].key, clock.advance(hours=1), 404, b"warc gone", digest_of(b""), 0)
    evidence.store_exchanges([gone])
    evidence.end_run(evidence.begin_run("site"), SourceReport("site", "网站").to_stored())


def _cosign(log: Log, clock: Clock, folder: Path) -> None:
    keys = KeyFiles(folder)
    witness = keys.create("witness.example", COSIGNATURE)
    request = log.witnesses.request(witness)
    assert request is not None
    text, _ = signed_note.parse_note(request.note)
    line = witness_protocol.cosign(keys, witness, text, int(clock().timestamp()))
    log.witnesses.accept(witness, request, str(line))


def _draft(log: Log, clock: Clock) -> None:
    clock.advance(days=1)
    _lay(log, "草稿", document(11), document(12), part="民政局")
    log.drafts.decide_repeals(DOCUMENTS, ("示政发〔2015〕2号",), accept=True)
    source = log.evidence.put_source(
        b"draft", name="草稿.csv", media_type="text/csv", url="https://s.example/x"
    )
    entries = [structs.replace(document(n), content={**PLAIN[0], "name": f"新费{n}"}) for n in (1, 2)]
    kept = [structs.replace(document(n), content=dict(PLAIN[n])) for n in (0, 1)]
    log.drafts.stage(
        FEES, [*entries, *kept], part=None, source=source, parser_version="2", left_out=({"a": 1},)
    )
    request = PublicationRequest(kind="draft", basis="示政发〔2017〕1号", effective_on=_NEXT)
    log.approvals.submit(FEES, request, drafter="填报人")
    log.datasets.set_headings(FEES, {"收费名目": "name"})


def _leave_in_outbox(log: Log, clock: Clock) -> None:
    clock.advance(days=1)
    (fee,) = log.queries.find_by_title(FEES, "不动产登记费")
    log.releases.correct(FEES, {fee.id: {**PLAIN[1], "management": "缴入地方国库"}}, reason="再次更正")
    items = log.outbox.items()
    log.outbox.mark_failed(items[0].sequence, "busy")
    log.outbox.set_aside({items[1].sequence: "too long"})
