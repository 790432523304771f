#!/usr/bin/env python3
"""Keep a copy of everything that a Qingdan site (清单) published, and destroy what it had to erase by law.

    python mirror.py https://data.example.gov.cn mirror.db

The first run copies everything, later runs only what is new. Needs Python 3.12 and nothing else. ``content``
of a row holds from ``effective_on`` to ``effective_to`` (exclusive), as published at ``published_at``; a
later row replaces an earlier one for its days. See docs/api.md."""

import hashlib
import json
import sqlite3
import sys
import urllib.request
from typing import Any

COLUMNS = ("sequence", "dataset", "record", "kind", "title", "effective_on", "effective_to", "published_at")
TABLES = """
PRAGMA secure_delete = ON;  -- a deleted row leaves no bytes in the file
CREATE TABLE IF NOT EXISTS position (dataset PRIMARY KEY, last INTEGER);
CREATE TABLE IF NOT EXISTS change (
    sequence INTEGER PRIMARY KEY,
    dataset, record, kind, title, effective_on, effective_to, published_at, content
);
CREATE TABLE IF NOT EXISTS erasure (dataset, record, erased_at, ground, PRIMARY KEY (dataset, record));
"""


def get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)


def canonical(content: Any) -> bytes:
    """RFC 8785, for what lists contain: texts, whole numbers, lists and objects."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def check(change: dict[str, Any]) -> None:
    """End the program if the content is not the one that the log commits to."""
    if change["content"] is not None:
        salted = bytes.fromhex(change["revision"]["salt"]) + canonical(change["content"])
        if hashlib.sha256(salted).hexdigest() != change["revision"]["hash"]:
            sys.exit(f"change {change['sequence']}: the content does not match its hash")


def follow(copy: sqlite3.Connection, site: str, dataset: str) -> None:
    position = copy.execute("SELECT last FROM position WHERE dataset = ?", [dataset]).fetchone() or (0,)
    address: str | None = f"{site}/v1/datasets/{dataset}/changes?limit=1000&since={position[0]}"
    while address:
        page = get(address)
        with copy:  # one transaction for each page: what is interrupted is continued
            for change in page["changes"]:
                check(change)
                content = None if change["content"] is None else canonical(change["content"]).decode()
                values = [*(change[name] for name in COLUMNS), content]
                copy.execute(f"INSERT OR REPLACE INTO change VALUES ({', '.join('?' * 9)})", values)
            for erasure in page["erasures"]:
                record = [dataset, erasure["record"]]
                copy.execute("DELETE FROM change WHERE dataset = ? AND record = ?", record)
                row = [*record, erasure["erased_at"], erasure["ground"]]
                copy.execute("INSERT OR REPLACE INTO erasure VALUES (?, ?, ?, ?)", row)
            copy.execute("INSERT OR REPLACE INTO position VALUES (?, ?)", [dataset, page["last"]])
        address = page["links"]["next"]


def main(site: str, file: str) -> None:
    copy = sqlite3.connect(file)
    copy.executescript(TABLES)
    for dataset in get(f"{site}/v1/datasets")["datasets"]:
        follow(copy, site, dataset["name"])
    changes, erased = (copy.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("change", "erasure"))
    print(f"{changes} changes; {erased} records were erased, and are destroyed here too")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), sys.argv[2])
