"""Reads the site of :mod:`publisher.views.discovery.published_site` from the log and the cache of files."""

from __future__ import annotations

from publisher.log.model import Dataset, View
from publisher.views.api.routes import files
from publisher.views.discovery.published_site import File, PublishedDataset, PublishedRelease, PublishedSite
from publisher.web.conditional_requests import Validity
from publisher.web.service import Service

_TYPES = {"csv": "CSV", "xlsx": "XLSX", "json": "JSON", "zip": "ZIP"}
"""Our form of a file → its name in the Publications Office's table. The others are not in the table."""


def validity(service: Service, *datasets: Dataset) -> Validity:
    """Return the validity of a description of one dataset, or of all, without reading releases or files."""
    name = datasets[0].name if len(datasets) == 1 else None
    sequence, day = service.log.queries.validator(name)
    details, checkpoint = service.site_details().details, service.newest_checkpoint(name or "", sequence)
    # A dataset changes without a release, and a file gets its digest when it is generated.
    return Validity((sequence, day, datasets, details, checkpoint, service.files.state()))


def read_published_site(service: Service, *, versions: bool = False) -> PublishedSite:
    """Read the datasets and releases of the site. ``versions``: with the files of every release."""
    datasets = tuple(
        read_published_dataset(service, d, versions=versions) for d in service.log.datasets.all()
    )
    return PublishedSite(service.site, datasets, service.site_details().details)


def read_published_dataset(service: Service, dataset: Dataset, *, versions: bool = True) -> PublishedDataset:
    """Read a dataset with its current files. ``versions``: with the files of every release."""
    releases = sorted(service.log.queries.releases(dataset.name), key=lambda r: r.number)
    return PublishedDataset(
        dataset,
        service.log.queries.catalogue(dataset.name),
        _list_files(service, dataset.name, View()) if releases else (),
        tuple(
            PublishedRelease(
                release,
                service.catalogue(dataset.name, release.number),
                _list_files(service, dataset.name, View(release=release.number)) if versions else (),
            )
            for release in releases
        ),
    )


def _list_files(service: Service, name: str, view: View) -> tuple[File, ...]:
    state_files, _ = files.list_state_files(service, name, view)
    return tuple(
        File(f.address, f.title, f.media_type, _TYPES.get(f.form, ""), f.size, f.sha256) for f in state_files
    )
