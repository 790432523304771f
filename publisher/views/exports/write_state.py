"""From a log and what is asked for to a file that is made, or found made already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from publisher.log.log import Log
from publisher.log.model import View
from publisher.log.queries.whole_state import Stated
from publisher.views.exports import data_package
from publisher.views.exports.delta import write_delta
from publisher.views.exports.export import About, Form, Lang, Rows

type Write = Callable[[Path], None]


def about(log: Log, dataset: str, view: View, lang: Lang = "zh") -> About:
    """Raises ``LogError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``."""
    kept = log.datasets.get(dataset)
    releases = (
        log.queries.releases(dataset)
        if view.release is None
        else (log.queries.release(dataset, view.release),)
    )
    return About(
        dataset=kept,
        catalogue=log.queries.catalogue(dataset, view.release),
        view=view,
        release=max(releases, key=lambda r: r.number, default=None),
        address=f"{log.datasets.site().base}/v1/datasets/{dataset}",
        erased=log.queries.erased_count(dataset, view),
        lang=lang,
    )


def rows(log: Log, dataset: str, view: View) -> Rows:
    def read() -> Iterator[Stated]:
        return log.queries.whole_state(dataset, view)

    return read


def writer(log: Log, told: About, form: Form) -> Write:
    def write(path: Path) -> None:
        form.write(path, told, rows(log, told.dataset.name, told.view))

    return write


def site_writer(log: Log) -> Write:
    """Of every dataset that has a release, the newest."""

    def write(path: Path) -> None:
        states = [
            (about(log, d.name, view), rows(log, d.name, view))
            for d in log.datasets.all()
            if (view := newest(log, d.name)) is not None
        ]
        data_package.write_site(path, log.datasets.site().base, states)

    return write


def delta_writer(log: Log, dataset: str, before: View, after: View) -> Write:
    def write(path: Path) -> None:
        write_delta(path, log, dataset, before, after)

    return write


def newest(log: Log, dataset: str) -> View | None:
    numbers = [release.number for release in log.queries.releases(dataset)]
    return View(release=max(numbers)) if numbers else None


def described(told: About) -> tuple[object, ...]:
    """What a file says beside its records: a dataset's words and the software that writes them.

    A dataset's title or licence may be put right without a release.
    """
    text = repr((told.dataset, told.erased, told.lang, metadata.version("qingdan")))
    return (hashlib.sha256(text.encode()).hexdigest(),)
