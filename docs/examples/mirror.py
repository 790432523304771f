#!/usr/bin/env python3
"""Keep a copy of everything that a Qingdan site (清单) published, and destroy what it had to erase by law.

    python mirror.py https://data.example.gov.cn mirror.db        copies; later runs copy only what is new
    python mirror.py mirror.db 2024-03-01                         prints what was in effect on that day
    python mirror.py mirror.db 2024-03-01 2024-06-30T16:00:00Z    the same, as published by that instant

The day is today if none is given. Needs Python 3.12 and nothing else. ``content`` of a row holds from
``effective_on`` to ``effective_to`` (exclusive), as published at ``published_at``; a later row replaces an
earlier one for its days. See docs/api.md."""

import hashlib
import http.client
import json
import sqlite3
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
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
# Among the rows whose days include the day, the last one tells: content, or nothing. SQLite takes the other
# columns from the row of the max(). Without its Z, an instant with a fraction sorts after the full second.
STATE = """
SELECT dataset, record, title, content, max(sequence) FROM change
WHERE effective_on <= :day AND (effective_to IS NULL OR effective_to > :day)
  AND (:known_at = '' OR rtrim(published_at, 'Z') <= rtrim(:known_at, 'Z'))
GROUP BY dataset, record HAVING content IS NOT NULL ORDER BY dataset, record
"""
CHINA = timezone(timedelta(hours=8))


class LostError(Exception):
    """The site was restored from a backup, and the changes of this copy are not those of the site."""


def get(address: str) -> Any:
    """Send a request, up to four times. End the program with the reason if there is no answer in JSON."""
    for pause in (1, 10, 60, 0):
        wait = pause
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            problem = read_problem(error)
            reason = f"{error.code} {problem}"
            if is_lost(problem):
                raise LostError from None
            if error.code != 429 and error.code < 500:
                break
            later = error.headers.get("Retry-After", "")
            wait = max(pause, min(int(later), 600)) if pause and later.isdecimal() else pause
        except (OSError, http.client.HTTPException, ValueError) as error:  # it broke, or is not JSON
            reason = f"{type(error).__name__}: {error}"
        if pause:
            print(f"{address}: {reason}; again in {wait} seconds", file=sys.stderr)
            time.sleep(wait)
    sys.exit(f"{address}: {reason}. What was copied stays; run the program again.")


def read_problem(error: urllib.error.HTTPError) -> str:
    try:
        return error.read(10_000).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return str(error.reason)


def is_lost(problem: str) -> bool:
    try:
        return any(one["code"] == "lost" for one in json.loads(problem)["errors"])
    except (ValueError, KeyError, TypeError):
        return False


def canonical(content: Any) -> bytes:
    """RFC 8785, for what lists contain: texts, whole numbers, lists and objects."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def check(change: dict[str, Any]) -> None:
    """End the program if the content is not the one that the log commits to."""
    if change["content"] is not None:
        salted = bytes.fromhex(change["revision"]["salt"]) + canonical(change["content"])
        if hashlib.sha256(salted).hexdigest() != change["revision"]["hash"]:
            sys.exit(f"change {change['sequence']}: the content does not match its hash")


def begin_anew(copy: sqlite3.Connection, dataset: str) -> None:
    print(f"{dataset}: the site was restored, and lost changes that it had published; copied anew")
    with copy:
        copy.execute("DELETE FROM change WHERE dataset = ?", [dataset])
        copy.execute("DELETE FROM position WHERE dataset = ?", [dataset])


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


def state(copy: sqlite3.Connection, day: str, known_at: str = "") -> Iterator[dict[str, Any]]:
    """Return what was in effect on a day, as published by an instant (default: until the last run)."""
    for dataset, record, title, content, _ in copy.execute(STATE, {"day": day, "known_at": known_at}):
        yield {"dataset": dataset, "record": record, "title": title, "content": json.loads(content)}


def update(site: str, copy: sqlite3.Connection) -> None:
    copy.executescript(TABLES)
    for dataset in get(f"{site}/v1/datasets")["datasets"]:
        try:
            follow(copy, site, dataset["name"])
        except LostError:
            begin_anew(copy, dataset["name"])
            follow(copy, site, dataset["name"])
    changes, erased = (copy.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("change", "erasure"))
    print(f"{changes} changes; {erased} records were erased, and are destroyed here too")


if __name__ == "__main__":
    if sys.argv[1].startswith(("https:", "http:")):
        try:
            update(sys.argv[1].rstrip("/"), sqlite3.connect(sys.argv[2]))
        except (KeyError, TypeError) as error:
            sys.exit(f"The answers have another form than this program knows ({error!r}); see docs/api.md")
    else:
        today = datetime.now(CHINA).date().isoformat()
        for record in state(sqlite3.connect(sys.argv[1]), *(sys.argv[2:] or [today])):
            print(json.dumps(record, ensure_ascii=False))
