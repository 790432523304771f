"""Sites that benchmarks create and fill."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from publisher.log.log import Log
from publisher.log.model import Dataset, Entry
from publisher.settings import read_settings
from schemas.definition import file_loader
from schemas.definition.catalogue import Catalogue


def open_log(home: Path, **options: Any) -> Log:
    """Open the log of a site. ``options``: those of :meth:`Log.open`."""
    settings = read_settings(home, {})
    return Log.open(settings.database, sources=settings.sources, **options)


def new_site(home: Path, *, base: str = "https://bench.example", **options: Any) -> Log:
    """Create a site in a folder and open its log."""
    log = open_log(home, **options)
    log.datasets.init_site(base, "bench.example,2020-01-01")
    return log


def create_dataset(
    log: Log, name: str, catalogue: str | Catalogue, *, division: str | None = None
) -> Dataset:
    """Create a dataset whose texts mean nothing; ``catalogue``: one of its own, or the name of one."""
    if isinstance(catalogue, str):
        catalogue = file_loader.load_catalogue(catalogue)
    dataset = Dataset(
        name=name,
        catalogue=catalogue.name,
        title="测速用清单",
        title_en="List for measuring",
        body="示例市人民政府",
        division=division,
        licence="CC0-1.0",
        contact="bench",
    )
    log.datasets.create(dataset, catalogue)
    return dataset


def publish(
    log: Log,
    name: str,
    entries: Iterable[Entry],
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
