"""The data catalog of a small site, parsed by rdflib and pyld and validated by the shapes of DCAT-AP."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyld import jsonld
from pyshacl import validate
from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, RDF, SH

from publisher.log.descriptions import SiteDetails
from publisher.log.model import TAKING_EFFECT, Dataset
from publisher.log.model import Site as Address
from publisher.views.api import site_metadata
from publisher.views.discovery import dcat_catalog, rdf_forms
from publisher.views.discovery.published_site import File, PublishedDataset, PublishedRelease, PublishedSite
from publisher.views.exports.formats import FILE_FORMATS
from publisher.web.service import Service
from tests.support import shared_data
from tests.support.problems import assert_problem
from tests.support.site import BASE, FEES, PLAIN, Site, four_releases, publish

DCAT = Namespace("http://www.w3.org/ns/dcat#")  # rdflib defines the terms of DCAT 2 only
SPDX = Namespace("http://spdx.org/rdf/terms#")
HERE = Path(__file__).parent
DATASET = URIRef(f"{BASE}/v1/datasets/{FEES}")


@pytest.fixture(scope="module")
def document(site: Site) -> dict[str, Any]:
    answer = site.client.get("/catalog?versions=true")
    assert answer.headers["content-type"] == "application/ld+json"
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture(scope="module")
def graph(document: dict[str, Any]) -> Graph:
    return Graph().parse(data=json.dumps(document), format="json-ld")


@pytest.mark.slow
def test_turtle_and_json_ld_give_the_same_triples_in_rdflib_and_pyld(
    site: Site, document: dict[str, Any], graph: Graph
) -> None:
    address = "/catalog?versions=true"
    answer = site.client.get(address, headers={"accept": "text/turtle, application/ld+json;q=0.5"})
    assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
    assert set(Graph().parse(data=answer.content, format="turtle")) == set(graph)
    for suffix, parser in (("ttl", "turtle"), ("rdf", "xml"), ("nt", "nt"), ("jsonld", "json-ld")):
        form = site.client.get(f"/catalog.{suffix}?versions=true")
        assert form.headers["content-type"] == rdf_forms.MEDIA[suffix]
        assert set(Graph().parse(data=form.content, format=parser)) == set(graph), suffix
    quads = jsonld.to_rdf(document, {"format": "application/n-quads"})
    assert set(Graph().parse(data=quads, format="nt")) == set(graph)
    assert len(graph) > 150


@pytest.mark.slow
def test_each_form_has_a_tag_of_its_own_and_html_is_refused(site: Site) -> None:
    tags = {
        accept: site.client.get("/catalog", headers={"accept": accept}).headers["etag"]
        for accept in ("application/ld+json", "text/turtle")
    }
    assert len(set(tags.values())) == 2
    for accept, tag in tags.items():
        headers = {"accept": accept, "if-none-match": tag}
        assert site.client.get("/catalog", headers=headers).status_code == 304
    assert_problem(site.client.get("/catalog", headers={"accept": "image/png"}), "not-acceptable")
    # A browser is refused too, with a page in the layout of the site.
    page = site.client.get("/catalog", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (406, "text/html; charset=utf-8")


def test_every_node_has_an_iri_and_every_iri_of_the_site_is_described(graph: Graph) -> None:
    assert not [node for node in graph.all_nodes() if isinstance(node, BNode)]
    described = set(graph.subjects(RDF.type, None))
    nodes = {
        o for _, p, o in graph if isinstance(o, URIRef) and p not in (RDF.type, DCAT.endpointDescription)
    }
    ours = {n for n in nodes if str(n).startswith(BASE)}
    addresses = set(graph.objects(None, DCAT.accessURL))
    assert ours - described - addresses == set()


def test_releases_are_versions_and_datasets_of_one_kind_are_a_series(graph: Graph) -> None:
    versions = set(graph.objects(DATASET, DCAT.hasVersion))
    assert versions == {URIRef(f"{DATASET}/releases/{n}") for n in (1, 2, 3, 4)}
    assert graph.value(DATASET, DCAT.hasCurrentVersion) == URIRef(f"{DATASET}/releases/4")
    assert graph.value(URIRef(f"{DATASET}/releases/2"), DCAT.previousVersion) in versions
    series = graph.value(DATASET, DCAT.inSeries)
    assert (series, RDF.type, DCAT.DatasetSeries) in graph
    assert set(graph.subjects(DCAT.inSeries, series)) == {DATASET, URIRef(f"{BASE}/v1/datasets/empty-fees")}


@pytest.mark.parametrize("address", ["/catalog", "/catalog.rdf"])
def test_a_harvester_that_takes_every_dataset_node_gets_the_lists_and_nothing_else(
    site: Site, address: str
) -> None:
    answer = site.client.get(address)
    form = "xml" if address.endswith(".rdf") else "json-ld"
    catalog = Graph().parse(data=answer.content, format=form)
    lists = {URIRef(f"{BASE}/v1/datasets/{d.name}") for d in site.log.datasets.all()}
    assert set(catalog.subjects(RDF.type, DCAT.Dataset)) == lists
    listed = set(catalog.objects(URIRef(f"{BASE}/catalog"), DCAT.dataset))
    assert listed == lists
    files = {str(file) for file in catalog.objects(DATASET, DCAT.distribution / DCAT.downloadURL)}
    assert files == {f"{DATASET}/files/{form}" for form in FILE_FORMATS}
    assert set(catalog.objects(DATASET, DCAT.landingPage)) == {URIRef(f"{BASE}/datasets/{FEES}")}


def test_the_paged_api_is_an_access_service_and_never_a_download(graph: Graph) -> None:
    paged, of_another = (URIRef(f"{BASE}/v1/datasets/{name}/records") for name in (FEES, "empty-fees"))
    assert set(graph.subjects(DCAT.accessService, URIRef(f"{BASE}/v1"))) == {paged, of_another}
    assert graph.value(paged, DCAT.downloadURL) is None
    assert graph.value(paged, DCAT.accessURL) == paged
    assert not [o for o in graph.objects(None, DCAT.downloadURL) if "/files/" not in str(o)]


def test_keywords_are_subjects_and_no_labels(graph: Graph) -> None:
    keywords = set(graph.objects(DATASET, DCAT.keyword))
    chinese = ("行政事业性收费目录清单", "收费项目", "收费", "财政", "鞍山市")
    assert keywords > {Literal(word, lang="zh") for word in chinese}
    assert Literal("fees", lang="en") in keywords
    assert Literal("demo", lang="zh") not in keywords


@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json", "application/json"])
def test_the_api_describes_itself(site: Site, accept: str) -> None:
    answer = site.client.get("/v1", headers={"accept": accept})
    form = "turtle" if accept == "text/turtle" else "json-ld"
    served = Graph().parse(data=answer.content, format=form)
    assert set(served.objects(URIRef(f"{BASE}/v1"), DCAT.servesDataset)) == {
        URIRef(f"{BASE}/v1/datasets/{d.name}") for d in site.log.datasets.all()
    }


@pytest.mark.slow
def test_a_304_of_a_description_reads_no_release_and_a_file_with_a_digest_changes_its_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    read_published_dataset = site_metadata.read_published_dataset

    def noting(service: Service, dataset: Dataset, *, versions: bool = True) -> PublishedDataset:
        read.append(dataset.name)
        return read_published_dataset(service, dataset, versions=versions)

    monkeypatch.setattr(site_metadata, "read_published_dataset", noting)
    with four_releases(tmp_path) as site:
        paths = (
            f"/v1/datasets/{FEES}",
            f"/v1/datasets/{FEES}/releases/1",
            "/catalog",
            "/catalog?versions=true",
        )
        tags = {}
        for path in paths:
            headers = {"accept": "text/turtle"}
            tags[path] = site.client.get(path, headers=headers).headers["etag"]
            assert read, path
            read.clear()
            again = site.client.get(path, headers={**headers, "if-none-match": tags[path]})
            assert (again.status_code, read) == (304, []), path
        site.client.get(f"/v1/datasets/{FEES}/releases/1/files/csv")  # now the file has a digest
        for path in paths:
            answer = site.client.get(path, headers={"accept": "text/turtle", "if-none-match": tags[path]})
            assert answer.status_code == 200, path
            assert ("sha256" in answer.text) is (path != "/catalog")


def test_the_addresses_of_files_stay_when_the_next_release_is_published(tmp_path: Path) -> None:
    def distributions(site: Site) -> set[object]:
        catalog = Graph().parse(data=site.client.get("/catalog").content, format="json-ld")
        return set(catalog.objects(DATASET, DCAT.distribution))

    with four_releases(tmp_path) as site:
        before = distributions(site)
        site.clock.advance(days=90)
        publish(site.log, FEES, PLAIN, date(2016, 4, 1), "示财〔2016〕1号")
        assert distributions(site) == before


def test_lists_and_releases_describe_themselves_with_their_versions(site: Site, graph: Graph) -> None:
    own = {}
    for path in (f"/v1/datasets/{FEES}", f"/v1/datasets/{FEES}/releases/2"):
        answer = site.client.get(path, headers={"accept": "text/turtle"})
        assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
        own[path] = set(Graph().parse(data=answer.content, format="turtle"))
        assert own[path] < set(graph)
    assert (URIRef(f"{DATASET}/releases/2"), DCAT.isVersionOf, DATASET) in own[path]
    reached = {(DATASET, DCAT.hasVersion, URIRef(f"{DATASET}/releases/{n}")) for n in (1, 2, 3, 4)}
    assert reached | {(DATASET, DCAT.inSeries, URIRef(f"{BASE}/catalog#series-fees"))} < own[path]
    plain = site.client.get(f"/v1/datasets/{FEES}", headers={"accept": "application/json"})
    assert plain.headers["content-type"] == "application/json"


@pytest.mark.slow
@pytest.mark.parametrize("suffix", rdf_forms.MEDIA)
def test_the_suffix_of_a_datasets_address_fixes_the_form_of_its_rdf(site: Site, suffix: str) -> None:
    media = rdf_forms.MEDIA[suffix]
    negotiated = site.client.get(f"/v1/datasets/{FEES}", headers={"accept": media})
    answer = site.client.get(f"/v1/datasets/{FEES}.{suffix}", headers={"accept": "image/png"})
    assert answer.headers["content-type"] == media
    assert answer.content == negotiated.content
    unchanged = {"if-none-match": answer.headers["etag"]}
    assert site.client.get(f"/v1/datasets/{FEES}.{suffix}", headers=unchanged).status_code == 304
    assert_problem(site.client.get(f"/v1/datasets/no-such-list.{suffix}"), "no-such-dataset")


def test_a_suffix_that_is_no_form_of_rdf_belongs_to_the_name(site: Site) -> None:
    for name in (f"{FEES}.exe", ".ttl", f"{FEES}."):
        assert_problem(site.client.get(f"/v1/datasets/{name}"), "no-such-dataset")


def test_a_dataset_has_a_place_a_period_a_licence_a_contact_and_a_schema(graph: Graph) -> None:
    place = graph.value(DATASET, DCTERMS.spatial)
    assert graph.value(place, DCTERMS.identifier) == Literal("210300")
    period = graph.value(DATASET, DCTERMS.temporal)
    assert str(graph.value(period, DCAT.startDate)) == "2015-01-01"
    assert graph.value(DATASET, DCTERMS.license) == URIRef("http://spdx.org/licenses/CC0-1.0")
    contact = graph.value(DATASET, DCAT.contactPoint)
    assert URIRef("mailto:data@example.gov.cn") in set(graph.objects(contact))
    assert graph.value(DATASET, DCTERMS.conformsTo) == URIRef(f"{BASE}/v1/schemas/fees/table-schema.json")


def test_only_what_takes_effect_is_described_so(site: Site, graph: Graph) -> None:
    effects = {}
    for release in site.log.queries.releases(FEES):
        node = URIRef(f"{DATASET}/releases/{release.number}")
        takes_effect = any(release.counts.get(kind) for kind in TAKING_EFFECT)
        effects[takes_effect] = "起生效" in str(graph.value(node, DCTERMS.description))
    assert effects == {True: True, False: False}, "a correction or a withdrawal takes effect on no day"


@pytest.mark.slow
@pytest.mark.both_databases
def test_every_address_of_the_site_answers(site: Site, graph: Graph) -> None:
    nodes = {n for _, _, n in graph if isinstance(n, URIRef) and str(n).startswith(f"{BASE}/")}
    plain = {str(n).removeprefix(BASE).partition("#")[0] for n in nodes} - {""}
    for path in sorted(plain):
        assert site.client.get(path).status_code == 200, path


def _shapes(folder: Path) -> Graph:
    """Load the published shapes without references to property shapes that they do not define."""
    shapes = Graph()
    for name in ("dcat-ap-SHACL.ttl", "ranges.ttl"):
        shapes.parse(folder / name)
    dangling = [(s, o) for s, o in shapes.subject_objects(SH.property) if (o, None, None) not in shapes]
    assert len(dangling) == 5
    for subject, missing in dangling:
        shapes.remove((subject, SH.property, missing))
    return shapes


@pytest.mark.slow
@pytest.mark.shared
def test_the_data_catalog_conforms_to_dcat_ap_3_and_a_violation_is_detected(graph: Graph) -> None:
    shapes = _shapes(shared_data.require("dcat", "dcat-ap-SHACL.ttl").parent)
    conforms, _, report = validate(graph, shacl_graph=shapes, inference="rdfs")
    assert conforms, report
    broken = Graph() + graph
    broken.remove((DATASET, DCTERMS.title, None))
    assert not validate(broken, shacl_graph=shapes, inference="rdfs")[0]


def test_a_file_with_a_digest_has_its_checksum_and_size(site: Site) -> None:
    release = site.log.queries.release(FEES, 1)
    file = File(f"{BASE}/f.csv", "表格", "text/csv", "CSV", size=12, digest="ab" * 32)
    own = site.log.queries.catalogue(FEES)
    releases = (PublishedRelease(release, own, (file,)),)
    holding = PublishedDataset(site.log.datasets.get(FEES), own, (), releases)
    site_of_one = PublishedSite(Address(BASE, "data.example.gov.cn,2016"), (holding,), SiteDetails())
    body = dcat_catalog.document(site_of_one, versions=True)
    graph = Graph().parse(data=json.dumps(body), format="json-ld")
    checksum = graph.value(URIRef(file.address), SPDX.checksum)
    assert str(graph.value(checksum, SPDX.checksumValue)) == "ab" * 32
    assert str(graph.value(URIRef(file.address), DCAT.byteSize)) == "12"


@pytest.mark.slow
def test_every_form_is_the_same_bytes_in_every_process(document: dict[str, Any]) -> None:
    program = (
        "import json,sys; from publisher.views.discovery import rdf_forms; document = json.load(sys.stdin); "
        "sys.stdout.buffer.writelines(rdf_forms.write(document, form) for form in rdf_forms.MEDIA.values())"
    )
    command = [sys.executable, "-c", program]
    for seed in ("1", "2"):
        environ = {**os.environ, "PYTHONHASHSEED": seed}
        text = json.dumps(document).encode()
        output = subprocess.run(command, input=text, env=environ, capture_output=True, check=True).stdout
        assert output == b"".join(rdf_forms.write(document, media) for media in rdf_forms.MEDIA.values())


def test_a_title_with_a_character_that_xml_lacks_is_read_in_every_form() -> None:
    title = {"@value": "甲\x0b乙\ufffe", "@language": "zh"}
    written = {"@id": f"{BASE}/catalog", "http://purl.org/dc/terms/title": title}
    for media, name in ((rdf_forms.MEDIA["rdf"], "xml"), (rdf_forms.TURTLE, "turtle")):
        read = Graph().parse(data=rdf_forms.write(written, media), format=name)
        assert len(read) == 1, media


def test_a_cached_file_is_listed_with_the_digest_of_its_bytes(site: Site) -> None:
    address = f"/v1/datasets/{FEES}/releases/2/files/csv"
    content = site.client.get(address, headers={"accept-encoding": "identity"}).content
    catalog = Graph().parse(data=site.client.get("/catalog?versions=true").content, format="json-ld")
    file = URIRef(f"{BASE}{address}")
    assert (URIRef(f"{DATASET}/releases/2"), DCAT.distribution, file) in catalog
    checksum = catalog.value(file, SPDX.checksum)
    assert str(catalog.value(checksum, SPDX.checksumValue)) == hashlib.sha256(content).hexdigest()
    assert str(catalog.value(file, DCAT.byteSize)) == str(len(content))


@pytest.mark.slow
def test_every_iri_that_the_first_catalog_named_still_resolves(site: Site) -> None:
    """``first_catalog.txt`` is what ``/catalog`` of this site named before lists were its only datasets."""
    listed = (HERE / "first_catalog.txt").read_text("utf-8").split()
    assert len(listed) > 60
    described: dict[str, set[object]] = {}
    for iri in listed:
        address, _, fragment = iri.partition("#")
        assert site.client.get(address).status_code == 200, iri
        if fragment and address != "/":
            if address not in described:
                turtle = site.client.get(address, headers={"accept": "text/turtle"})
                described[address] = set(Graph().parse(data=turtle.content, format="turtle").subjects())
            assert URIRef(BASE + iri) in described[address], iri
