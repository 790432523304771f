"""Frictionless data packages: one dataset's state, or the whole site, as a zip with checksums.

https://datapackage.org/standard/data-package/. Equal states give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from publisher.log.descriptions import SiteDetails
from publisher.views.exports import csv_and_json, table_cells
from publisher.views.exports.export import About, Rows
from publisher.views.exports.summed_zip import SummedZip, summed_zip
from schemas.definition.catalogue import build_table_schema
from schemas.reference.licences import spdx_identifier

_CHECKPOINT = "checkpoint"
"""Name of the file with the signed checkpoint (C2SP tlog-checkpoint)."""
_OWN_TYPES = {"release": "integer", "effective_from": "date"}


def write_package(path: Path, about: About, rows: Rows) -> None:
    """Write the state of one dataset: its table, ``datapackage.json``, ``README.md`` and ``SHA256SUMS``."""
    name = about.dataset.name
    with summed_zip(path, about.timestamp) as package:
        _add_data(package, about, rows)
        descriptor = _descriptor(name, about.dataset.title, [about], package.sums)
        descriptor |= {
            "description": about.dataset.description,
            "licenses": [_licence(about)],
            "contributors": [
                {"title": about.dataset.body, "roles": ["publisher"]},
                *_contributors(about.site),
            ],
            "version": f"{about.release.number if about.release else 0}.0.0",
        }
        package.add("datapackage.json", [_pretty(descriptor)])
        package.add("README.md", [_readme([about]).encode()])
        if about.checkpoint:
            package.add(_CHECKPOINT, [about.checkpoint.encode()])


def write_site(
    path: Path, base: str, details: SiteDetails, states: Sequence[tuple[About, Rows]], checkpoint: str
) -> None:
    """Write the newest release of every dataset in one package. ``checkpoint``: the newest one, or empty."""
    abouts = [about for about, _ in states]
    timestamp = max((a.timestamp for a in abouts if a.timestamp), default=None)
    with summed_zip(path, timestamp) as package:
        for about, rows in states:
            _add_data(package, about, rows)
        descriptor = _descriptor("site", details.name or base, abouts, package.sums)
        contributors = _contributors(details)
        descriptor |= {"homepage": f"{base}/"} | ({"contributors": contributors} if contributors else {})
        package.add("datapackage.json", [_pretty(descriptor)])
        package.add("README.md", [_readme(abouts).encode()])
        if checkpoint:
            package.add(_CHECKPOINT, [checkpoint.encode()])


def _contributors(site: SiteDetails) -> list[dict[str, Any]]:
    """List the bodies that publish the site and run it, as contributors."""
    roles = ((site.owner or site.name, "distributor"), (site.operator, "maintainer"))
    return [{"title": title, "roles": [role]} for title, role in roles if title]


def _add_data(package: SummedZip, about: About, rows: Rows) -> None:
    package.add(f"data/{about.dataset.name}.csv", csv_and_json.exact_csv(rows(), about.catalogue))


def _descriptor(
    name: str, title: str, abouts: Iterable[About], sums: Mapping[str, tuple[int, str]]
) -> dict[str, Any]:
    resources = [_resource(about, *sums[f"data/{about.dataset.name}.csv"]) for about in abouts]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": name,
        "title": title,
        "resources": resources,
    }


def _resource(about: About, size: int, digest: str) -> dict[str, Any]:
    d, r = about.dataset, about.release
    resource: dict[str, Any] = {
        "name": d.name,
        "title": d.title,
        "path": f"data/{d.name}.csv",
        "type": "table",
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": size,
        "hash": f"sha256:{digest}",
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True},
        "schema": _schema(about),
        "licenses": [_licence(about)],
        "sources": [{"title": d.source_note or d.body, "path": about.address}],
        "description": " ".join(t for t in (d.notice, d.description) if t),
    }
    if r is not None:
        resource |= {
            "release": r.number,
            "releaseHash": r.hash,
            "effectiveOn": r.effective_on.isoformat(),  # programs that verify recompute its hash with it
            "basis": r.basis,
        }
    if about.erased:
        resource["erased"] = about.erased
    return resource


def _schema(about: About) -> dict[str, Any]:
    fields = build_table_schema(about.catalogue)["fields"]
    for descriptor in fields:
        # Values were checked at publication; the publisher's own wording is not restricted afterwards.
        descriptor.pop("constraints", None)
    own: dict[str, dict[str, Any]] = {
        name: {"name": name, "title": title, "type": _OWN_TYPES.get(name, "string")}
        for name, title in table_cells.STATE_COLUMNS
    }
    own["id"]["constraints"] = {"required": True, "unique": True}
    return {
        "fields": [own.pop("id"), *fields, *own.values()],
        "primaryKey": ["id"],
        "missingValues": [""],
    }


def _licence(about: About) -> dict[str, str]:
    licence = about.dataset.licence
    if licence.startswith(("http://", "https://")):
        return {"path": licence}
    return {"name": spdx_identifier(licence) or "other", "title": licence}


def _readme(abouts: Sequence[About]) -> str:
    """Build the README: content, publisher and format."""
    sections = "\n\n".join(
        f"## {about.dataset.title}\n\n`data/{about.dataset.name}.csv`\n\n"
        + "\n".join(f"- {name}: {' '.join(words.split())}" for name, words in about.facts())
        for about in abouts
    )
    return (
        "# 数据包 / Data package\n\n"
        "`datapackage.json` 说明每一列（Frictionless Data Package）；`SHA256SUMS` 供 `sha256sum -c` 核验。\n"
        "CSV 为 UTF-8；有多项的值和带单位的值写作 JSON；可能被表格软件当作公式的文字前加 `'`。\n\n"
        "`datapackage.json` defines every column; check with `sha256sum -c SHA256SUMS`. CSV is UTF-8; lists\n"
        "and measures are JSON; a text that a spreadsheet would run as a formula has a `'` before it.\n\n"
        "`checkpoint`（有则附）是本站日志的存证点，请保存：日后可据以证明内容没有变化（docs/proof.md）。\n"
        "`checkpoint`, if there is one, fixes everything that was published: keep it (docs/proof.md).\n\n"
        f"{sections}\n"
    )


def _pretty(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
