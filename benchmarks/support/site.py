"""Sites that benchmarks create and fill."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from publisher.log.log import Log
from publisher.log.model import DraftEntry
from publisher.settings import read_settings


def open_log(home: Path, **options: Any) -> Log:
    """Open the log of a site. ``options``: those of :meth:`Log.open`."""
    settings = read_settings(home, {})
    return Log.open(settings.database, sources=settings.sources, **options)


def new_site(home: Path, *, base: str = "https://bench.example", **options: Any) -> Log:
    """Create a site in a folder and open its log."""
    log = open_log(home, **options)
    log.datasets.init_site(base, "bench.example,2020-01-01")
    return log


def publish(
    log: Log,
    name: str,
    entries: Iterable[DraftEntry],
    on: date,
    *,
    basis: str = "",
    partial: bool = False,
) -> float:
    """Publish entries as a release → seconds, without their import."""
    source = log.evidence.put_source(f"{name} {on}".encode(), name=f"{name}.csv", media_type="text/csv")
    log.drafts.stage(name, entries, part=None, source=source, parser_version="1", partial=partial)
    began = time.perf_counter()
    assert log.releases.publish(name, effective_on=on, basis=basis) is not None
    return time.perf_counter() - began
