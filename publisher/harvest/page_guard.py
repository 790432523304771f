"""Guard around each page: an error in one is reported and counted, and does not reach the others.

The program should read every page without an error of its own. Where it does not, a page that failed
twice in a row (``publisher.log.evidence.failed_pages.LIMIT``) is set aside: it is not processed again before
``recheck`` of its source has passed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from publisher.failure_lines import is_disk_full
from publisher.harvest.report import SourceReport
from publisher.harvest.source_config import SourceSite
from publisher.ingest.findings import harvest as kinds
from publisher.log.clocks import is_ahead
from publisher.log.evidence.harvested_pages import Page
from publisher.log.log import Log
from publisher.log.model import LogError

_ERRORS_OF_A_PAGE = frozenset({"bad-content", "source-missing", "source-damaged", "no-such-source"})
"""Refusals of the log that concern one page; others concern the site, and end the run of the source."""

logger = logging.getLogger(__name__)


class PageGuard:
    """The failures of one source's pages in one run."""

    def __init__(self, log: Log, source: SourceSite, report: SourceReport, now: datetime) -> None:
        self._log, self._report, self._now = log, report, now
        failures = {failure.page: failure for failure in log.evidence.failed_pages(source.name)}
        self._earlier = set(failures)
        self._aside = {
            page
            for page, failure in failures.items()
            if failure.set_aside
            and failure.at > now - source.recheck_interval
            and not is_ahead(failure.at, now)
        }
        self._processed: set[int] = set()
        self._failed: set[int] = set()

    def is_set_aside(self, page: Page) -> bool:
        return page.key in self._aside

    def has_failed(self, page: int) -> bool:
        """Test whether a page, by its key, failed in this run, or is set aside."""
        return page in self._failed or page in self._aside

    @contextmanager
    def protect(self, page: Page) -> Iterator[None]:
        """Suppress any error of the statements about a page, and count it once in a run."""
        self._processed.add(page.key)
        try:
            yield
        except Exception as error:
            if isinstance(error, LogError) and error.code not in _ERRORS_OF_A_PAGE:
                raise
            if is_disk_full(error):  # no further page can be stored: it ends the run of all sources
                raise
            self._add_failure(page, error)

    def clear_successes(self) -> None:
        """Forget the earlier failures of pages that were processed without one in this run."""
        successes = (self._processed - self._failed) & self._earlier
        if successes:
            self._log.evidence.clear_failures(successes)

    def _add_failure(self, page: Page, error: Exception) -> None:
        logger.warning("%s failed", page.url, exc_info=error)
        if page.key in self._failed:
            return
        self._failed.add(page.key)
        detail = describe_error(error)
        # These writes fail too if the cause is the database: then the error is not one of the page.
        times = self._log.evidence.add_failure(page.key, self._now, detail)
        state = self._log.evidence.page(page.key)
        at = state.checked_at
        if at is None or at < self._now or is_ahead(at, self._now):  # it would be requested at once
            self._log.evidence.mark_unreachable(page.key, self._now, retry_early=True)
        self._report.add_finding(kinds.PAGE_FAILED, page.url, detail=detail, times=times)


def describe_error(error: Exception) -> str:
    """Describe an unexpected error in one short line: its type and its message."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200].rstrip(": ")
