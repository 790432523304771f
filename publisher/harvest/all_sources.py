"""Harvest of all sources in turn (``qingdan collect``), under one lock, with optional publication."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from importlib import metadata
from itertools import batched

import msgspec

from publisher.failure_lines import is_disk_full
from publisher.harvest.crawl import Crawl
from publisher.harvest.dry_run import DryRun
from publisher.harvest.extraction import Extractor
from publisher.harvest.fetcher import Fetcher
from publisher.harvest.page_guard import PageGuard, describe_error
from publisher.harvest.report import HarvestReport, SourceReport
from publisher.harvest.source_config import SourceSite
from publisher.indexing.indexer import Progress
from publisher.ingest.findings import harvest as kinds
from publisher.ingest.row_checks import contains_personal_data
from publisher.log.clocks import day_at, is_ahead, utc_now
from publisher.log.evidence.harvested_pages import WARC
from publisher.log.log import Log
from publisher.log.model import DraftImport, LogError
from publisher.workflow import publish_draft
from schemas.definition.catalogue import Catalogue

_ROWS_AT_ONCE = 500
logger = logging.getLogger(__name__)


class HarvestOptions(msgspec.Struct, frozen=True):
    """Options of a run over the sources."""

    clock: Callable[[], datetime] = utc_now
    """Read at each step, because a run over all sources may take longer than a day."""
    since: date | None = None
    """Older documents are left out; None: none are."""
    dry_run: bool = False
    """Nothing is stored; the report names what would be read."""
    loopback: bool = False
    """Addresses of this machine are allowed, for tests."""
    within: float | None = None
    """Seconds that a dry run may take; None: as long as it needs."""


def harvest_sources(
    log: Log,
    sources: Sequence[SourceSite],
    options: HarvestOptions,
    *,
    catalogues: Callable[[str], Catalogue | None],
    progress: Progress,
) -> HarvestReport:
    """Run the sources one after the other; an error in one is a finding and does not stop the next.

    ``catalogues``: returns a dataset's current catalogue file, which may have new optional fields.
    Raises ``LogError('collecting')`` while another process collects.
    """
    with log.evidence.lock() as is_locked:
        if not is_locked:
            raise LogError(
                "collecting",
                "另一个进程正在采集，请稍后重试。",
                "Another process is collecting; try again later.",
            )
        reports = tuple(_harvest_guarded(log, source, options, catalogues, progress) for source in sources)
    return HarvestReport(options.dry_run, reports)


def select_due(log: Log, sources: Mapping[str, SourceSite], now: datetime) -> tuple[SourceSite, ...]:
    """Return the sources whose lists are due by their interval, for the scheduler.

    A list whose last request lies ahead was requested under a wrong clock, and is due.
    """
    return tuple(source for source in sources.values() if find_next_run(log, source, now) <= now)


def find_next_run(log: Log, source: SourceSite, now: datetime) -> datetime:
    """Return when the lists of a source are due; ``now`` if they are."""
    checked = {page.url: page.checked_at for page in log.evidence.pages(source.name, role="list")}
    check_times = [checked.get(url) for url in source.entries]
    times = [now if at is None or is_ahead(at, now) else at + source.interval for at in check_times]
    return max(min(times), now)


def format_user_agent(base: str) -> str:
    """Return the user agent of this service, with the address of the site."""
    return f"qingdan/{metadata.version('qingdan')} (+{base})"


def _harvest_guarded(
    log: Log,
    source: SourceSite,
    options: HarvestOptions,
    catalogues: Callable[[str], Catalogue | None],
    progress: Progress,
) -> SourceReport:
    """Run one source. An error ends its run, is reported, and makes it due after its interval."""
    report = SourceReport(source.name, source.title)
    run, started = None, options.clock()
    try:
        run = None if options.dry_run else log.evidence.begin_run(source.name)
        _harvest_source(log, source, report, options, started, catalogues, progress)
    except Exception as error:
        if is_disk_full(error):
            raise
        if isinstance(error, LogError):
            report.add_refusal(kinds.SOURCE_FAILED, source.name, error)
        else:
            logger.warning("collecting %s failed", source.name, exc_info=True)
            detail = describe_error(error)
            report.add_finding(kinds.SOURCE_FAILED, source.name, because=detail, because_en=detail)
        if not options.dry_run:
            _postpone(log, source, started, options.clock())
    if run is not None:
        log.evidence.end_run(run, report.to_stored())
    return report


def _postpone(log: Log, source: SourceSite, started: datetime, now: datetime) -> None:
    """Mark the lists of a source as requested, so that the scheduler does not repeat its run at once."""
    log.evidence.add_links(source.name, [(url, "") for url in source.entries], role="list")
    for url in source.entries:
        page = log.evidence.page_at(source.name, url)
        at = None if page is None else page.checked_at
        if page is not None and (at is None or at < started or is_ahead(at, now)):
            log.evidence.mark_unreachable(page.key, now, retry_early=True)


def _harvest_source(
    log: Log,
    source: SourceSite,
    report: SourceReport,
    options: HarvestOptions,
    started: datetime,
    catalogues: Callable[[str], Catalogue | None],
    progress: Progress,
) -> None:
    catalogue = catalogues(source.dataset) or log.queries.catalogue(source.dataset)
    agent = format_user_agent(log.datasets.site().base)
    fetcher = Fetcher(source, loopback=options.loopback, agent=agent, within=options.within)
    try:
        if options.dry_run:
            DryRun(log, source, fetcher, catalogue, report, options.since).run()
            return
        guard = PageGuard(log, source, report, started)
        extractor = Extractor(log, source, catalogue, report, guard, catalogues)
        crawl = Crawl(
            *(log, source, fetcher, extractor, guard),
            now=started,
            clock=options.clock,
            since=options.since,
            progress=progress,
        )
        crawl.run()
    finally:
        fetcher.close()
    if source.publish:
        _publish(log, source, report, day_at(options.clock()), catalogue)


def _publish(log: Log, source: SourceSite, report: SourceReport, today: date, catalogue: Catalogue) -> None:
    """Publish the draft unless it contains imports of another origin, or perhaps personal data.

    ``today``: the day in Asia/Shanghai, on which the documents take effect.
    """
    draft = log.drafts.get(source.dataset)
    if draft is None:
        return
    if draft.accepted_repeals or any(import_.source.media_type != WARC for import_ in draft.imports):
        report.add_finding(kinds.DRAFT_HELD, source.dataset)
        return
    personal = [one.source.name for one in draft.imports if _has_personal_data(log, one, catalogue)]
    if personal:
        report.add_finding(kinds.PERSONAL_HELD, source.dataset, count=len(personal), detail=personal[0])
        return
    note = f"采集自{source.title}"
    try:
        release = publish_draft.publish_draft(
            log, source.dataset, effective_on=today, note=note, actor="qingdan collect", without_errors=True
        )
    except LogError as error:
        report.add_refusal(kinds.NOT_PUBLISHED, source.dataset, error, dataset=source.dataset)
        return
    report.release = None if release is None else release.number


def _has_personal_data(log: Log, one: DraftImport, catalogue: Catalogue) -> bool:
    """Test all rows of an import, so that warnings of earlier runs hold the draft too."""
    return any(
        contains_personal_data(row.content, catalogue)
        for positions in batched(range(one.records), _ROWS_AT_ONCE)
        for row in log.drafts.rows(one, positions)
    )
