"""From a store and what is asked for to a file that is made, or found made already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from publisher.log.log import Store
from publisher.log.model import View
from publisher.log.queries.whole_state import Stated
from publisher.views.exports import data_package
from publisher.views.exports.delta import write_delta
from publisher.views.exports.export import About, Form, Lang, Rows

type Write = Callable[[Path], None]


def about(store: Store, dataset: str, view: View, lang: Lang = "zh") -> About:
    """Raises ``StoreError``: ``no-such-dataset``, ``no-such-release``, ``mixed-view``."""
    kept = store.dataset(dataset)
    releases = store.releases(dataset) if view.release is None else (store.release(dataset, view.release),)
    return About(
        dataset=kept,
        catalogue=store.catalogue(dataset, view.release),
        view=view,
        release=max(releases, key=lambda r: r.number, default=None),
        address=f"{store.site().base}/v1/datasets/{dataset}",
        erased=store.erased_in(dataset, view),
        lang=lang,
    )


def rows(store: Store, dataset: str, view: View) -> Rows:
    def read() -> Iterator[Stated]:
        return store.stated(dataset, view)

    return read


def writer(store: Store, told: About, form: Form) -> Write:
    def write(path: Path) -> None:
        form.write(path, told, rows(store, told.dataset.name, told.view))

    return write


def site_writer(store: Store) -> Write:
    """Of every dataset that has a release, the newest."""

    def write(path: Path) -> None:
        states = [
            (about(store, d.name, view), rows(store, d.name, view))
            for d in store.datasets()
            if (view := newest(store, d.name)) is not None
        ]
        data_package.write_site(path, store.site().base, states)

    return write


def delta_writer(store: Store, dataset: str, before: View, after: View) -> Write:
    def write(path: Path) -> None:
        write_delta(path, store, dataset, before, after)

    return write


def newest(store: Store, dataset: str) -> View | None:
    numbers = [release.number for release in store.releases(dataset)]
    return View(release=max(numbers)) if numbers else None


def described(told: About) -> tuple[object, ...]:
    """What a file says beside its records: a dataset's words and the software that writes them.

    A dataset's title or licence may be put right without a release.
    """
    text = repr((told.dataset, told.erased, told.lang, metadata.version("qingdan")))
    return (hashlib.sha256(text.encode()).hexdigest(),)
