"""Typed links of datasets, releases and records (RFC 8288), by the FAIR profile of Signposting.

https://signposting.org/FAIR/ names the relations: ``cite-as`` leads to the permanent address,
``describedby`` to metadata, ``item`` to the content and ``collection`` to what contains it; ``type``,
``author`` and ``license`` describe it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote

import msgspec

from publisher.log.model import Dataset
from publisher.views.discovery import rdf_forms
from publisher.views.discovery.addresses import Addresses
from publisher.views.discovery.dcat_catalog import licence_address

ABOUT = "https://schema.org/AboutPage"
DATASET = "https://schema.org/Dataset"
RECORD = "https://schema.org/CreativeWork"
_JSON = "application/json"
_UNESCAPED = "%!#$&'()*+,/:;=?@[]~"
"""Characters that an address contains unescaped. A licence may be an address with Chinese characters."""
_RDF = (rdf_forms.JSON_LD, rdf_forms.MEDIA["ttl"].partition(";")[0])
"""The two forms that harvesters of Signposting read."""
_RECORD_ID, _RELEASE = "__record__", "__release__"


class TypedLink(msgspec.Struct, frozen=True):
    rel: str
    href: str
    type: str = ""


type Links = tuple[TypedLink, ...]


def header(links: Links) -> str:
    """Write the links as the value of a ``Link`` header."""
    return ", ".join(
        f'<{quote(link.href, safe=_UNESCAPED)}>; rel="{link.rel}"'
        + (f'; type="{link.type}"' if link.type else "")
        for link in links
    )


def of_dataset(
    base: str, dataset: Dataset, pinned: str, files: Iterable[tuple[str, str]], *, release: int | None = None
) -> Links:
    """Return the links of a list. ``pinned``: query that fixes the state. ``files``: (address, media type).

    ``release``: the one that the page is pinned to; its own metadata describes it.
    """
    at = Addresses(base)
    metadata = at.dataset(dataset.name) if release is None else at.release(dataset.name, release)
    return (
        TypedLink("cite-as", at.page(dataset.name) + pinned),
        *_types(DATASET),
        *_common(at, dataset),
        *(TypedLink("describedby", metadata, media) for media in _RDF),
        *(TypedLink("item", address, media) for address, media in files),
        TypedLink("collection", at.catalog, rdf_forms.JSON_LD),
    )


def of_release(base: str, dataset: Dataset, number: int, files: Iterable[tuple[str, str]]) -> Links:
    at = Addresses(base)
    return (
        TypedLink("cite-as", f"{at.page(dataset.name)}/releases/{number}"),
        *_types(DATASET),
        *_common(at, dataset),
        *(TypedLink("describedby", at.release(dataset.name, number), media) for media in _RDF),
        *(TypedLink("item", address, media) for address, media in files),
        _collection(at, dataset),
    )


def record_header(base: str, dataset: Dataset, record: str, release: int) -> str:
    """Write the ``Link`` header of a record in the API, in a few microseconds: this is the hot path."""
    template = _record_template(base, dataset)
    return template.replace(_RECORD_ID, record).replace(_RELEASE, str(release))


@lru_cache(256)
def _record_template(base: str, dataset: Dataset) -> str:
    page = f"{Addresses(base).page(dataset.name)}/records/{_RECORD_ID}"
    return header(metadata_of(page, of_record(base, dataset, _RECORD_ID, _RELEASE)))


def of_record(base: str, dataset: Dataset, record: str, release: int | str) -> Links:
    """Return the links of a record in the state that ``release`` brought."""
    at = Addresses(base)
    pinned = f"/records/{record}?release={release}"
    return (
        TypedLink("cite-as", at.page(dataset.name) + pinned),
        *_types(RECORD),
        *_common(at, dataset),
        TypedLink("describedby", f"{at.dataset(dataset.name)}/schema?release={release}", _JSON),
        TypedLink("item", at.dataset(dataset.name) + pinned, _JSON),
        _collection(at, dataset),
    )


def of_file(base: str, dataset: Dataset, pinned: str, release: int | None) -> Links:
    """Return the links of a file: ``pinned`` as in :func:`of_dataset`."""
    at = Addresses(base)
    page = at.page(dataset.name)
    permanent = f"{page}{pinned}" if release is None else f"{page}/releases/{release}"
    metadata = at.dataset(dataset.name) if release is None else at.release(dataset.name, release)
    return (
        TypedLink("cite-as", permanent),
        TypedLink("license", licence_address(dataset, at)),
        TypedLink("describedby", metadata, _RDF[0]),
        _collection(at, dataset),
    )


def metadata_of(address: str, links: Links) -> Links:
    """Return the links of metadata about the page at ``address``: the page's own, and one to the page."""
    return (
        TypedLink("describes", address, "text/html"),
        *(link for link in links if link.rel in ("cite-as", "author", "license", "item", "collection")),
    )


def _types(kind: str) -> Iterator[TypedLink]:
    yield TypedLink("type", ABOUT)
    yield TypedLink("type", kind)


def _common(at: Addresses, dataset: Dataset) -> Iterator[TypedLink]:
    yield TypedLink("author", at.part("body", dataset.body))
    yield TypedLink("license", licence_address(dataset, at))


def _collection(at: Addresses, dataset: Dataset) -> TypedLink:
    return TypedLink("collection", at.page(dataset.name), "text/html")
