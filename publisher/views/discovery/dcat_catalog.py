"""The data catalog of a site in DCAT 3, as JSON-LD: one flat graph of named nodes.

A list is a ``dcat:Dataset`` with the files of its present state. Lists of one catalogue (for example the
fees of all bodies and years) form a ``dcat:DatasetSeries``. The releases of a list are versions of it
(``dcat:hasVersion``), each a ``dcat:Dataset`` with the files of the release.

Harvesters (ckanext-dcat, udata) take every node of type ``dcat:Dataset``, so the data catalog has versions
only on request; the document of one list always has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from publisher.log.descriptions import SiteDetails
from publisher.log.model import Dataset, Site
from publisher.log.releases.release_rows import takes_effect
from publisher.views.discovery import subjects, vocabulary
from publisher.views.discovery.addresses import Addresses
from publisher.views.discovery.published_site import File, PublishedDataset, PublishedRelease, PublishedSite
from schemas.definition.catalogue import Catalogue
from schemas.reference import administrative_divisions

type Node = dict[str, Any]


def document(published_site: PublishedSite, *, versions: bool = False) -> Node:
    """Build the data catalog as a JSON-LD document; ``versions``: releases and series are datasets too."""
    at = Addresses(published_site.site.base)
    catalog = _catalog(published_site, at, versions=versions)
    return _graph([*catalog, *_lists(published_site.datasets, at, versions=versions)])


def dataset_document(base: str, published_dataset: PublishedDataset) -> Node:
    """Build the document of one list, with its versions and its series. ``base``: address of the site."""
    return _graph(_lists([published_dataset], Addresses(base), versions=True))


def service_document(site: Site, details: SiteDetails, names: Iterable[str]) -> Node:
    """Build the document of the API itself. ``names``: of the datasets that it serves."""
    at = Addresses(site.base)
    datasets = [at.dataset(name) for name in names]
    return _graph([*_publisher(site, details, at), *_service(site, details, at, datasets)])


def _graph(nodes: Iterable[Node]) -> Node:
    by_id: dict[str, Node] = {}
    for node in nodes:
        by_id.setdefault(node["@id"], node)  # bodies and places appear once
    return {"@context": vocabulary.CONTEXT, "@graph": list(by_id.values())}


def _lists(datasets: Sequence[PublishedDataset], at: Addresses, *, versions: bool) -> Iterator[Node]:
    series: dict[str, Catalogue] = {}
    for published_dataset in datasets:
        series.setdefault(published_dataset.catalogue.name, published_dataset.catalogue)
        yield from _dataset(published_dataset, at, versions=versions)
        if versions:
            for n, published_release in enumerate(published_dataset.releases):
                before = published_dataset.releases[n - 1] if n else None
                yield from _release(published_dataset, published_release, before, at)
    for catalogue in series.values():
        yield from _series(catalogue, datasets, at, versions=versions)
    yield from _shared()


def _catalog(published_site: PublishedSite, at: Addresses, *, versions: bool) -> Iterator[Node]:
    site = published_site.site
    details = published_site.details
    agent, contact = _site_agent(site, at), _site_contact(site, at)
    times = [p.release.published_at for d in published_site.datasets for p in d.releases]
    datasets = [at.dataset(d.dataset.name) for d in published_site.datasets]
    series = dict.fromkeys(at.part("series", d.catalogue.name) for d in published_site.datasets)
    yield {
        "@id": at.catalog,
        "@type": "dcat:Catalog",
        "dct:title": [
            vocabulary.chinese(f"{details.name}数据目录" if details.name else "政府清单数据目录"),
            vocabulary.english(details.name_en or "Data catalog of government lists"),
        ],
        "dct:description": [
            vocabulary.chinese("本站的政府清单：每次发布形成一个不可更改的版本，可按日期查询。"),
            vocabulary.english("Government lists, each release an immutable version, readable at any day."),
        ],
        "dct:publisher": _ref(agent),
        "dct:language": _ref(vocabulary.CHINESE),
        "foaf:homepage": _ref(f"{site.base}/"),
        **({"dcat:contactPoint": _ref(contact)} if details.contact else {}),
        "dcat:dataset": [_ref(a) for a in (*datasets, *(series if versions else ()))],
        "dcat:service": _ref(at.service),
        "dcat:themeTaxonomy": _ref(vocabulary.GOVERNMENT.rpartition("/")[0]),
        **({"dct:modified": _instant(max(times)), "dct:issued": _instant(min(times))} if times else {}),
    }
    yield from _publisher(site, details, at)
    yield from _service(site, details, at, datasets)


def _site_agent(site: Site, at: Addresses) -> str:
    return at.part("publisher", site.tag_authority.partition(",")[0])


def _site_contact(site: Site, at: Addresses) -> str:
    return at.part("contact", site.tag_authority.partition(",")[0])


def _publisher(site: Site, details: SiteDetails, at: Addresses) -> Iterator[Node]:
    """Yield nodes of the body that is responsible for the site, its contact and its home page."""
    home = f"{site.base}/"
    yield {
        "@id": _site_agent(site, at),
        "@type": "foaf:Agent",
        "foaf:name": details.owner or site.tag_authority.partition(",")[0],
        "foaf:homepage": _ref(home),
    }
    if details.contact:
        yield {
            "@id": _site_contact(site, at),
            "@type": "vcard:Kind",
            "vcard:fn": details.contact,
            **vocabulary.contact(details.contact),
        }
    yield {"@id": home, "@type": "foaf:Document"}


def _service(site: Site, details: SiteDetails, at: Addresses, datasets: Sequence[str]) -> Iterator[Node]:
    yield {
        "@id": at.service,
        "@type": "dcat:DataService",
        "dct:title": [vocabulary.chinese("清单接口"), vocabulary.english("The API of the lists")],
        "dct:publisher": _ref(_site_agent(site, at)),
        **({"dcat:contactPoint": _ref(_site_contact(site, at))} if details.contact else {}),
        "dcat:endpointURL": _ref(at.service),
        "dcat:endpointDescription": _ref(f"{site.base}/openapi.json"),
        "dcat:servesDataset": [_ref(a) for a in datasets],
        "dct:accessRights": _ref(vocabulary.PUBLIC),
    }
    yield {"@id": vocabulary.PUBLIC, "@type": "dct:RightsStatement"}


def _dataset(published_dataset: PublishedDataset, at: Addresses, *, versions: bool) -> Iterator[Node]:
    dataset, catalogue = published_dataset.dataset, published_dataset.catalogue
    home = at.dataset(dataset.name)
    releases = [at.release(dataset.name, p.release.number) for p in published_dataset.releases]
    history = {
        "dcat:hasVersion": [_ref(release) for release in releases],
        "dcat:hasCurrentVersion": _ref(releases[-1]) if releases else None,
    }
    latest = published_dataset.releases[-1] if published_dataset.releases else None
    node: Node = {
        **_common(published_dataset, at),
        "@id": home,
        "@type": "dcat:Dataset",
        "dct:identifier": home,
        "dct:title": _titles(dataset),
        "dct:description": _description(dataset),
        "dct:issued": _instant(published_dataset.releases[0].release.published_at) if latest else None,
        "dct:modified": _instant(latest.release.published_at) if latest else None,
        "dct:conformsTo": _ref(at.schema(catalogue.name)),
        "dct:temporal": _ref(f"{home}#temporal") if latest else None,
        "dcat:version": str(latest.release.number) if latest else None,
        **(history if versions else {}),
        "dcat:inSeries": _ref(at.part("series", catalogue.name)),
        "dcat:distribution": [_ref(f.address) for f in published_dataset.files] + [_ref(f"{home}/records")],
    }
    yield _present(node)
    for file in published_dataset.files:
        yield from _distribution(file, dataset, at)
    yield _paged_records(dataset, at)
    yield from _related_nodes(dataset, at)
    yield _schema(at.schema(catalogue.name), catalogue)
    if published_dataset.releases:
        first = min(p.release.effective_on for p in published_dataset.releases)
        yield {
            "@id": f"{home}#temporal",
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": vocabulary.typed(first, "date"),
        }


def _release(
    published_dataset: PublishedDataset,
    published_release: PublishedRelease,
    before: PublishedRelease | None,
    at: Addresses,
) -> Iterator[Node]:
    dataset, release = published_dataset.dataset, published_release.release
    home, schema = (
        at.release(dataset.name, release.number),
        at.pinned_schema(dataset.name, release.number),
    )
    basis = f"，依据{release.basis}" if release.basis else ""
    since = f"，自{release.effective_on}起生效" if takes_effect(release) else ""
    description = f"第{release.number}次发布{since}{basis}。{release.note}"
    previous = at.release(dataset.name, before.release.number) if before else None
    yield _present(
        {
            **_common(published_dataset, at),
            "@id": home,
            "@type": "dcat:Dataset",
            "dct:identifier": home,
            "dct:title": vocabulary.chinese(f"{dataset.title}第{release.number}次发布"),
            "dct:description": vocabulary.chinese(description),
            "dct:issued": _instant(release.published_at),
            "dct:conformsTo": _ref(schema),
            "dct:temporal": _ref(f"{home}#temporal"),
            "dcat:version": str(release.number),
            "dcat:isVersionOf": _ref(at.dataset(dataset.name)),
            "dcat:previousVersion": _ref(previous) if previous else None,
            "dcat:distribution": [_ref(f.address) for f in published_release.files],
        }
    )
    yield {
        "@id": f"{home}#temporal",
        "@type": "dct:PeriodOfTime",
        "dcat:startDate": vocabulary.typed(release.effective_on, "date"),
    }
    yield _schema(schema, published_release.catalogue)
    for file in published_release.files:
        yield from _distribution(file, dataset, at)


def _distribution(file: File, dataset: Dataset, at: Addresses) -> Iterator[Node]:
    media, kind = vocabulary.media_type(file.media_type), vocabulary.file_type(file.file_type)
    checksum = f"{file.address}#sha256"
    yield _present(
        {
            "@id": file.address,
            "@type": "dcat:Distribution",
            "dct:title": vocabulary.chinese(file.title),
            "dcat:accessURL": _ref(file.address),
            "dcat:downloadURL": _ref(file.address),
            "dcat:mediaType": _ref(media),
            "dct:format": _ref(kind) if file.file_type else None,
            "dct:license": _ref(licence_address(dataset, at)),
            "dct:language": _ref(vocabulary.CHINESE),
            "dcat:byteSize": vocabulary.typed(file.size, "nonNegativeInteger")
            if file.size is not None
            else None,
            "spdx:checksum": _ref(checksum) if file.digest else None,
        }
    )
    yield {"@id": media, "@type": "dct:MediaType"}
    if file.file_type:
        yield {"@id": kind, "@type": "dct:MediaTypeOrExtent"}
    if file.digest:
        yield {
            "@id": checksum,
            "@type": "spdx:Checksum",
            "spdx:algorithm": _ref(vocabulary.SHA_256),
            "spdx:checksumValue": vocabulary.typed(file.digest, "hexBinary"),
        }
        yield {"@id": vocabulary.SHA_256, "@type": "spdx:ChecksumAlgorithm"}


def _paged_records(dataset: Dataset, at: Addresses) -> Node:
    """Build the API as a distribution: an access service without a download, since one page is not the list.

    Harvesters (udata) take any distribution with a service for an API, so files have none.
    """
    address = f"{at.dataset(dataset.name)}/records"
    return {
        "@id": address,
        "@type": "dcat:Distribution",
        "dct:title": [vocabulary.chinese("接口（分页）"), vocabulary.english("API, page by page")],
        "dcat:accessURL": _ref(address),
        "dcat:accessService": _ref(at.service),
        "dcat:mediaType": _ref(vocabulary.media_type("application/json")),
        "dct:license": _ref(licence_address(dataset, at)),
        "dct:language": _ref(vocabulary.CHINESE),
    }


def _series(
    catalogue: Catalogue, datasets: Sequence[PublishedDataset], at: Addresses, *, versions: bool
) -> Iterator[Node]:
    bodies = dict.fromkeys(d.dataset.body for d in datasets if d.catalogue.name == catalogue.name)
    yield {
        "@id": at.part("series", catalogue.name),
        # Both types are for readers without inference.
        "@type": ["dcat:Dataset", "dcat:DatasetSeries"] if versions else "dcat:DatasetSeries",
        "dct:identifier": at.part("series", catalogue.name),
        "dct:title": [vocabulary.chinese(catalogue.title), vocabulary.english(catalogue.title_en)],
        "dct:description": vocabulary.chinese(catalogue.description or catalogue.title),
        "dct:publisher": [_ref(at.part("body", body)) for body in bodies][:1],
        "dct:conformsTo": _ref(at.schema(catalogue.name)),
        "dcat:theme": _ref(vocabulary.GOVERNMENT),
    }


def _common(published_dataset: PublishedDataset, at: Addresses) -> Node:
    """Build the properties that a dataset and its releases share."""
    dataset, catalogue = published_dataset.dataset, published_dataset.catalogue
    home = at.dataset(dataset.name)
    return {
        "dct:publisher": _ref(at.part("body", dataset.body)),
        "dcat:contactPoint": _ref(f"{home}#contact"),
        "dct:license": _ref(licence_address(dataset, at)),
        "dct:accessRights": _ref(vocabulary.PUBLIC),
        "dct:language": _ref(vocabulary.CHINESE),
        "dct:spatial": _ref(at.part("division", administrative_divisions.pad_code(dataset.division)))
        if dataset.division
        else None,
        "dcat:theme": _ref(vocabulary.GOVERNMENT),
        "dcat:keyword": _keywords(dataset, catalogue),
        "dcat:landingPage": _ref(at.page(dataset.name)),
    }


def _related_nodes(dataset: Dataset, at: Addresses) -> Iterator[Node]:
    """Yield nodes of the body, contact, licence, place and page of a dataset."""
    home = at.dataset(dataset.name)
    yield {"@id": at.part("body", dataset.body), "@type": "foaf:Agent", "foaf:name": dataset.body}
    yield {
        "@id": f"{home}#contact",
        "@type": "vcard:Kind",
        "vcard:fn": dataset.contact or dataset.body,
        **vocabulary.contact(dataset.contact),
    }
    yield {
        "@id": licence_address(dataset, at),
        "@type": "dct:LicenseDocument",
        "dct:title": dataset.licence,
    }
    yield {"@id": at.page(dataset.name), "@type": "foaf:Document"}
    if dataset.division:
        code = administrative_divisions.pad_code(dataset.division)
        yield {
            "@id": at.part("division", code),
            "@type": "dct:Location",
            "skos:prefLabel": vocabulary.chinese(administrative_divisions.name_of(code) or code),
            "dct:identifier": code,
            "skos:inScheme": _ref(at.part("scheme", vocabulary.DIVISIONS)),
        }
        yield {
            "@id": at.part("scheme", vocabulary.DIVISIONS),
            "@type": "skos:ConceptScheme",
            "dct:title": vocabulary.chinese("GB/T 2260 中华人民共和国行政区划代码"),
        }


def _keywords(dataset: Dataset, catalogue: Catalogue) -> list[Node]:
    chinese, english = subjects.keywords(dataset, catalogue)
    return [*map(vocabulary.chinese, chinese), *map(vocabulary.english, english)]


def _schema(address: str, catalogue: Catalogue) -> Node:
    return {
        "@id": address,
        "@type": "dct:Standard",
        "dct:title": [vocabulary.chinese(catalogue.title), vocabulary.english(catalogue.title_en)],
    }


def _shared() -> Iterator[Node]:
    """Yield nodes of well-known terms with their types, for readers without network access."""
    theme = vocabulary.GOVERNMENT.rpartition("/")[0]
    yield {"@id": vocabulary.CHINESE, "@type": "dct:LinguisticSystem"}
    yield {"@id": vocabulary.PUBLIC, "@type": "dct:RightsStatement"}
    yield {
        "@id": vocabulary.GOVERNMENT,
        "@type": "skos:Concept",
        "skos:prefLabel": [
            vocabulary.chinese("政府与公共部门"),
            vocabulary.english("Government and public sector"),
        ],
        "skos:inScheme": _ref(theme),
    }
    yield {"@id": theme, "@type": "skos:ConceptScheme", "dct:title": vocabulary.english("Data theme")}


def _titles(dataset: Dataset) -> list[Node]:
    titles = [vocabulary.chinese(dataset.title)]
    return [*titles, vocabulary.english(dataset.title_en)] if dataset.title_en else titles


def _description(dataset: Dataset) -> Node:
    parts = (dataset.description, dataset.notice, dataset.source_note)
    return vocabulary.chinese("\n".join(part for part in parts if part) or dataset.title)


def licence_address(dataset: Dataset, at: Addresses) -> str:
    """Return the address of the licence; of a text, the one of its node in the description of the dataset."""
    return vocabulary.licence(dataset.licence) or f"{at.dataset(dataset.name)}#licence"


def _ref(address: str) -> Node:
    return {"@id": address}


def _instant(moment: datetime) -> Node:
    return vocabulary.typed(moment.astimezone(UTC).isoformat().replace("+00:00", "Z"), "dateTime")


def _present(node: Node) -> Node:
    """Remove properties without a value."""
    return {key: value for key, value in node.items() if value not in (None, [])}
