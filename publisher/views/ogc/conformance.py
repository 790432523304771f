"""Conformance classes of the OGC's standards that the service claims.

Each class has tests that are named after its abstract tests.
"""

from __future__ import annotations

_FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
_FILTER = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf"
RECORDS = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf"

CLAIMS: tuple[str, ...] = (
    f"{_FEATURES}/core",
    f"{_FEATURES}/geojson",
    f"{_FEATURES}/oas30",
    f"{_FILTER}/queryables",
    f"{_FILTER}/queryables-query-parameters",
    f"{_FILTER}/filter",
    f"{_FILTER}/features-filter",
    f"{_CQL2}/cql2-text",
    f"{_CQL2}/cql2-json",
    f"{_CQL2}/basic-cql2",
    f"{_CQL2}/advanced-comparison-operators",
    f"{RECORDS}/record-core",
    f"{RECORDS}/record-collection",
    f"{RECORDS}/record-core-query-parameters",
    f"{RECORDS}/records-api",
    f"{RECORDS}/json",
)
"""Not claimed: HTML (a plain page, no schema.org markup), Part 2 (one reference system only), sorting,
OGC API Common's own classes, functions and arithmetic of CQL2."""
