"""A site with its datasets, releases and files: the input of the data catalog and the sitemap."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from publisher.log.descriptions import SiteDetails
from publisher.log.model import Dataset, Release, Site
from schemas.definition.catalogue import Catalogue


class File(msgspec.Struct, frozen=True):
    """A file of a state. ``digest`` is SHA-256, hexadecimal, once the file was generated."""

    address: str
    title: str
    media_type: str
    file_type: str
    """Name in the Publications Office's table: ``CSV``, ``XLSX``, ``JSON``, …; empty if not in the table."""
    size: int | None = None
    digest: str | None = None


class PublishedRelease(msgspec.Struct, frozen=True):
    """One release of a dataset, its catalogue and its files."""

    release: Release
    catalogue: Catalogue
    files: Sequence[File]


class PublishedDataset(msgspec.Struct, frozen=True):
    """A dataset, its current catalogue, the files of its present state, and its releases, oldest first."""

    dataset: Dataset
    catalogue: Catalogue
    files: Sequence[File]
    """At addresses that stay when the next release is published."""
    releases: Sequence[PublishedRelease]


class PublishedSite(msgspec.Struct, frozen=True):
    """A site with all its datasets."""

    site: Site
    datasets: Sequence[PublishedDataset]
    details: SiteDetails
