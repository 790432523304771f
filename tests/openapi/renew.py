"""Renew the frozen contract after a compatible change: ``python -m tests.openapi.renew``.

The examples are answers of the running program to the requests below; ``openapi/v1.json`` contains them. The
clock is the one of the tests and the salts come from a seed, so that a renewal changes only what has changed.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import openapi
from publisher.log.log import Log
from publisher.views.api import contract
from tests.support.clock import Clock
from tests.support.commitments_site import fill_with_commitments
from tests.support.site import (
    BASE,
    FEES,
    POWERS,
    START,
    Site,
    fill,
    fill_with_finding,
    fill_with_limits,
    opened,
    ticking_clock,
)

PACKAGE = Path(openapi.__file__).parent


def requests_by_operation(site: Site) -> dict[str, str]:
    """Map each operationId to the address that gives its example."""
    home, record = f"/v1/datasets/{FEES}", site.record("城镇垃圾处理费")
    revision = site.log.queries.record(FEES, record).revision
    return {
        "list_datasets": "/v1/datasets",
        "get_dataset": home,
        **{f"get_dataset_{form}": f"{home}.{form}" for form in ("jsonld", "ttl", "rdf", "nt")},
        "get_schema": f"{home}/schema",
        "list_releases": f"{home}/releases?limit=1",
        "get_release": f"{home}/releases/2",
        "list_records": f"{home}/records?facets=management&limit=1",
        "get_record": f"{home}/records/{record}",
        "get_history": f"{home}/records/{record}/history",
        "get_record_origin": f"{home}/records/{record}/revisions/{revision}",
        "compare": f"{home}/compare?from=1&to=3&limit=2",
        "compare_csv": f"{home}/compare.csv?from=1&to=3",
        "list_files": f"{home}/releases/2/files",
        "get_release_document": f"{home}/releases/2/document",
        "get_release_manifest": f"{home}/releases/2/manifest",
        "get_log_keys": "/log/keys.json",
        "get_log_entry": "/log/entries/3",
        "get_consistency_proof": "/log/consistency/2/5",
        "get_log_document": f"/log/documents/{site.log.queries.release(FEES, 2).document}",
        "get_delta": f"{home}/releases/2/delta?from=1",
        "list_changes": f"{home}/changes?release=2&limit=1",
        "list_checks": "/v1/checks",
        "search": "/v1/search?q=不动产登记&facets=dataset&limit=1",
        "suggest": "/v1/suggest?q=budongchan&limit=2",
        "get_atom_feed": f"/feeds/{FEES}.atom",
        "get_rss_feed": f"/feeds/{FEES}.rss",
        "get_json_feed": f"/feeds/{FEES}.json?change=corrected",
        "get_sources_atom_feed": "/feeds/sources.atom",
        "get_sources_rss_feed": "/feeds/sources.rss",
        "get_sources_json_feed": "/feeds/sources.json",
        "get_opml": "/feeds.opml",
        "list_site_changes": "/v1/changes?kind=changed",
        "search_atom_feed": "/feeds/search.atom?q=不动产登记",
        "search_rss_feed": "/feeds/search.rss?q=不动产登记",
        "search_json_feed": "/feeds/search.json?q=不动产登记",
        "get_catalog": "/catalog",
        **{f"get_catalog_{form}": f"/catalog.{form}" for form in ("jsonld", "ttl", "rdf", "nt")},
        "get_service": "/v1",
        "list_schemas": "/v1/schemas",
        "get_table_schema": "/v1/schemas/fees/table-schema.json",
        "get_json_schema": "/v1/schemas/fees/json-schema.json",
        "get_sitemap": "/sitemap.xml",
        "get_robots": "/robots.txt",
        "get_dataset_openapi": f"{home}/openapi.json",
        "get_openapi": "/openapi.json",
        "get_api_catalog": "/.well-known/api-catalog",
        "health": "/healthz",
        "readiness": "/readyz",
    }


def requests_of_findings(site: Site) -> dict[str, str]:
    """Do the same on a site with a finding, and with works that it rests on."""
    (finding,) = site.client.get("/v1/findings").json()["findings"]
    return {
        "list_findings": "/v1/findings",
        "get_finding": f"/v1/findings/{finding['id']}",
        "list_works": "/v1/works?contains=城镇",
        "get_work": "/v1/works/城镇排水条例",
        "list_citations_of_work": "/v1/works/城镇排水条例/cited-by",
        "list_effects_of_work": "/v1/works/城镇排水条例/effects",
        "list_citations": "/v1/citations?kind=statute&limit=1",
        "list_effects": "/v1/effects",
    }


def requests_of_limits(site: Site) -> dict[str, str]:
    """Do the same on a site with limits that changed."""
    (record,) = site.log.queries.find_by_title(POWERS, "取水许可")
    return {
        "get_limits": f"/v1/datasets/{POWERS}/records/{record.id}/limits",
        "get_limit_shares": "/v1/limits?field=promised_limit",
    }


def requests_of_commitments(site: Site) -> dict[str, str]:
    """Do the same on a site with a plan."""
    record = site.client.get("/v1/commitments?limit=1").json()["commitments"][0]["id"]
    return {
        "list_commitments": "/v1/commitments?status=overdue&limit=1",
        "get_commitment_evidence": f"/v1/commitments/{record}/evidence",
    }


def shorten_openapi(answer: Any) -> Any:
    """Remove paths and schemas from an OpenAPI document, because it would contain itself as an example."""
    if isinstance(answer, dict) and "openapi" in answer:
        return {**answer, "paths": {}, "components": {}}
    return answer


def capture_examples() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file in ``openapi/examples``."""
    yield from _answers(fill, requests_by_operation)
    yield from _answers(fill_with_finding, requests_of_findings)
    yield from _answers(fill_with_commitments, requests_of_commitments)
    yield from _answers(fill_with_limits, requests_of_limits)


def _answers(
    content: Callable[[Log, Clock], None], requests: Callable[[Site], dict[str, str]]
) -> Iterator[tuple[str, str]]:
    salts = patch.object(secrets, "token_bytes", Random(2015).randbytes)
    clock = ticking_clock(START)
    with (
        salts,
        tempfile.TemporaryDirectory() as folder,
        opened(Path(folder), Site, content=content, clock=clock) as site,
    ):
        for name, address in requests(site).items():
            answer = site.client.get(address)
            answer.raise_for_status()
            if "json" in answer.headers["content-type"].removesuffix("jsonl"):
                yield f"{name}.json", to_json(shorten_openapi(answer.json()))
            else:
                yield f"{name}.txt", answer.text


def main() -> None:
    for name, text in capture_examples():
        (PACKAGE / "examples" / name).write_text(text, encoding="utf-8")
    (PACKAGE / "v1.json").write_text(to_json(contract.build_document(BASE)), encoding="utf-8")


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    main()
