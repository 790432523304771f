"""Functions that write files of a requested state."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from publisher.log.log import Log
from publisher.log.model import Release, View
from publisher.log.queries.whole_state import StateRow
from publisher.views.exports import data_package
from publisher.views.exports.delta import write_delta
from publisher.views.exports.export import About, FileFormat, Rows
from schemas.words import Lang

type Write = Callable[[Path], None]


def describe_state(log: Log, dataset: str, view: View, lang: Lang = "zh") -> About:
    """Describe a state. Raises ``LogError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``."""
    releases = (
        log.queries.releases(dataset)
        if view.release is None
        else (log.queries.release(dataset, view.release),)
    )
    published = [r for r in releases if view.known_at is None or r.published_at <= view.known_at]
    newest = max(published, key=lambda r: r.number, default=None)
    first = log.proofs.first_checkpoint(newest.entry) if newest else None
    if newest is not None and view.release is not None:
        site = log.datasets.site_details_at(newest.entry)
    else:
        site, _ = log.datasets.site_details()
    return About(
        dataset=log.datasets.get(dataset),
        catalogue=log.queries.catalogue_in_view(dataset, view),
        view=view,
        release=newest,
        address=f"{log.datasets.site().base}/v1/datasets/{dataset}",
        erased=log.queries.erased_count(dataset, view),
        lang=lang,
        checkpoint=first.note if first else "",
        site=site,
    )


def rows_reader(log: Log, dataset: str, view: View) -> Rows:
    """Create a function that yields the records of a state."""

    def read_rows() -> Iterator[StateRow]:
        return log.queries.whole_state(dataset, view)

    return read_rows


def state_writer(log: Log, about: About, form: FileFormat) -> Write:
    """Create a function that writes a state in a form."""

    def write(path: Path) -> None:
        form.write(path, about, rows_reader(log, about.dataset.name, about.view))

    return write


def site_writer(log: Log) -> Write:
    """Create a function that writes the newest release of every dataset."""

    def write(path: Path) -> None:
        states = [
            (describe_state(log, d.name, view), rows_reader(log, d.name, view))
            for d in log.datasets.all()
            if (view := newest_view(log, d.name)) is not None
        ]
        details, _ = log.datasets.site_details()
        checkpoint = log.proofs.checkpoint() or ""
        data_package.write_site(path, log.datasets.site().base, details, states, checkpoint)

    return write


def delta_writer(log: Log, dataset: str, before: View, after: View) -> Write:
    """Create a function that writes the delta between two states."""

    def write(path: Path) -> None:
        write_delta(path, log, dataset, before, after)

    return write


def newest_release(log: Log, dataset: str) -> Release | None:
    """Return the newest release of a dataset, whatever its day of effect; None before the first one."""
    return next(reversed(log.queries.releases(dataset)), None)


def newest_view(log: Log, dataset: str) -> View | None:
    """Return the state of the newest release; None before the first one."""
    release = newest_release(log, dataset)
    return View(release=release.number) if release else None


def description_tokens(about: About) -> tuple[object, ...]:
    """Return a token of the inputs of a file other than its records.

    For example, a dataset's title or licence can be corrected without a release.
    """
    names = (about.site.name, about.site.name_en, about.site.owner, about.site.operator)
    text = repr((about.dataset, names, about.erased, about.lang))
    return (hashlib.sha256(text.encode()).hexdigest(),)
