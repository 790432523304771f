"""What catalogue metadata is told from: values that know no web and no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from publisher.log.model import Dataset, Release, Site
from schemas.definition.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class File:
    """A file of a release that can be fetched. ``digest`` is SHA-256, hexadecimal, once it is known."""

    address: str
    title: str
    media_type: str
    file_type: str
    """Of the Publications Office's table: ``CSV``, ``XLSX``, ``JSON``, …; empty for what it does not know."""
    size: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """One release of a dataset and what can be fetched of it."""

    release: Release
    files: Sequence[File]


@dataclass(frozen=True, slots=True)
class Kept:
    """A dataset, the catalogue that it is kept by now, and its releases, oldest first."""

    dataset: Dataset
    catalogue: Catalogue
    releases: Sequence[Published]


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything that a site keeps."""

    site: Site
    kept: Sequence[Kept]
