"""The state of a site as metrics, read from the log when they are scraped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from publisher.inbox.inbox import Inbox
from publisher.log.log import Log
from publisher.log.model import View
from publisher.telemetry.last_backup import read_last_backup


class SiteMetrics(Collector):
    """Gauges of the worker. They cost some short reads for each scrape."""

    def __init__(
        self, log: Log, home: Path, clock: Callable[[], datetime], inbox: Callable[[], Inbox | None]
    ) -> None:
        """``inbox``: opens the inbox of corrections, which may be made while the worker runs."""
        self._log, self._home, self._clock, self._inbox = log, home, clock, inbox

    def describe(self) -> list[Metric]:
        """Name nothing beforehand: the log may be away when the collector is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        log = self._log
        yield _gauge("log_entries", "Entries of the log.", log.proofs.size())
        missing = log.recovery.missing_entries()
        yield _gauge("log_missing_entries", "Entries that a restored log lacks.", missing or 0)
        yield _gauge("log_unsigned_seconds", "Seconds without a signature.", self._unsigned())
        yield _gauge("index_pending", "States that wait for the index.", log.outbox.due_count())
        yield _gauge("index_set_aside", "States that the index refuses.", log.outbox.aside_count())
        set_aside = sum(page.set_aside for page in log.evidence.failed_pages())
        yield _gauge("pages_set_aside", "Collected pages that failed twice.", set_aside)
        yield self._subscriptions()
        yield self._releases()
        yield from self._corrections()
        made_at = read_last_backup(self._home)
        if made_at is not None:
            yield _gauge(
                "last_backup_timestamp_seconds", "When the last backup was made.", made_at.timestamp()
            )
        free = shutil.disk_usage(self._home).free
        yield _gauge("disk_free_bytes", "Free bytes where the site is.", free)

    def _unsigned(self) -> float:
        since = self._log.proofs.unsigned_since()
        has_key = bool(self._log.keys.all())
        return 0.0 if since is None or not has_key else (self._clock() - since).total_seconds()

    def _corrections(self) -> Iterator[Metric]:
        inbox = self._inbox()
        if inbox is None:
            return
        with closing(inbox):
            waiting, oldest = inbox.waiting()
        age = 0.0 if oldest is None else (self._clock() - oldest).total_seconds()
        yield _gauge("corrections_open", "Corrections of readers that wait for a clerk.", waiting)
        yield _gauge("corrections_oldest_seconds", "For how long the oldest of them waits.", age)

    def _subscriptions(self) -> Metric:
        gauge = _family("subscriptions", "Webhooks, robots and the hub by state.", "state")
        states = [one.state for one in self._log.subscriptions.all()]
        for state in ("pending", "active", "aside"):
            gauge.add_metric((state,), states.count(state))
        return gauge

    def _releases(self) -> Metric:
        gauge = _family("release_timestamp_seconds", "When the newest release was published.", "dataset")
        for dataset, release in self._log.queries.newest_by_dataset(View(as_of=date.max)).items():
            gauge.add_metric((dataset,), release.published_at.timestamp())
        return gauge


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"qingdan_{name}", words, value=value)


def _family(name: str, words: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"qingdan_{name}", words, labels=(label,))
