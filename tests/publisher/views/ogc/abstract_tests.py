"""The abstract tests of every claimed conformance class, with the names of the standards' annexes A.

OGC 17-069r4 (Features 1.0.1), 19-079r2 (its Part 3, 1.0.0), 21-065r2 (CQL2 1.0.0), 20-004r1 (Records 1.0.0).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

_FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
_FILTER = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf"
_RECORDS = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf"

ABSTRACT: Mapping[str, str] = {
    f"{_FEATURES}/core": "http crs84 root-op root-success api-definition-op api-definition-success "
    "conformance-op conformance-success fc-md-op fc-md-success fc-md-links fc-md-items fc-md-items-links "
    "fc-md-extent sfc-md-op sfc-md-success fc-op fc-bbox-definition fc-bbox-response fc-limit-definition "
    "fc-limit-response fc-time-definition fc-time-response query-param-invalid query-param-unknown "
    "fc-response fc-links fc-timeStamp fc-numberMatched fc-numberReturned f-op f-success f-links",
    f"{_FEATURES}/geojson": "definition content",
    f"{_FEATURES}/oas30": "completeness exceptions-codes oas-definition-1 oas-definition-2 oas-impl security",
    f"{_FILTER}/queryables": "get-conformance get-queryables-uris get-queryables",
    f"{_FILTER}/queryables-query-parameters": "get-conformance query-param",
    f"{_FILTER}/filter": "get-conformance filter-param filter-lang-default expression-construction "
    "filter-crs-wgs84 filter-crs-param get-functions",
    f"{_FILTER}/features-filter": "get-conformance get-collections get-collection filter-on-items "
    "mixing-expression",
    f"{_CQL2}/cql2-text": "validate escaping",
    f"{_CQL2}/cql2-json": "validate",
    f"{_CQL2}/basic-cql2": "basic-test comparison is-null boolean test-data logical",
    f"{_CQL2}/advanced-comparison-operators": "like between in test-data logical",
    f"{_RECORDS}/record-core": "mandatory-properties-record links templated-link templated-link-header "
    "license contact time-instant-interval time-instant time-interval time-zone default-mediatype",
    f"{_RECORDS}/record-collection": "mandatory-properties-collection itemType contact license links "
    "links-catalog-hierarchy links-catalog-related links-catalog-series links-record links-records "
    "records-array-name records default-mediatype",
    f"{_RECORDS}/record-core-query-parameters": "bbox datetime externalIds-definition externalIds-response "
    "ids-definition ids-response limit q-definition q-response type-definition type-response",
    f"{_RECORDS}/records-api": "features-api catalog-response catalogs-response record-op record-response "
    "records-op resource-name-mapping mandatory-params",
    f"{_RECORDS}/json": "conformance catalog-content catalog-response record-content record-response",
}


def _part(identifier: str) -> str:
    return identifier.lower().replace("-", "_")


def parts_of_class(conformance_class: str) -> list[str]:
    """Return the abstract tests of a class as parts of names of test functions: ``core_fc_md_op``."""
    short = conformance_class.rsplit("/", 1)[1]
    return [_part(f"{short}-{name}") for name in ABSTRACT[conformance_class].split()]


def covered_tests() -> set[str]:
    """Return those that name a test function in this folder: ``test_<one>_and_<another>_<sentence>``."""
    every = sorted((part for one in ABSTRACT for part in parts_of_class(one)), key=len, reverse=True)
    parts: set[str] = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                parts |= _leading_parts(node.name.removeprefix("test_"), every)
    return parts


def _leading_parts(rest: str, every: list[str]) -> set[str]:
    parts: set[str] = set()
    while (part := next((p for p in every if rest == p or rest.startswith(f"{p}_")), None)) is not None:
        parts.add(part)
        rest = rest.removeprefix(part).removeprefix("_").removeprefix("and_")
    return parts
