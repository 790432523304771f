"""Write the editions of statutes that ship, from their texts, which do not.

``python -m scripts.statute_editions TEXTS.jsonl.gz``. The texts of the shipped file are a public
collection of 3,312 editions with 147,283 articles. Titles, kinds, levels, days, numbers of articles and
hashes are facts of official texts. Local regulations have hashes of whole articles only, which keeps the file
at 1.6 MB. The same texts give the same rows.
"""

from __future__ import annotations

import csv
import gzip
import sys
from pathlib import Path
from typing import Any

from publisher.checks.known_statutes import statute_key
from publisher.checks.shipped_statutes import EDITIONS, REPEALS, write_statutes
from publisher.workflow.statute_editions import editions_from_texts


def shipped_editions(texts: bytes) -> list[dict[str, Any]]:
    """Return the rows; an edition without a day is left out if the list of repeals has its title."""
    with REPEALS.open(encoding="utf-8", newline="") as lines:
        repealed = {statute_key(row["名称"]) for row in csv.DictReader(lines)}
    rows = editions_from_texts(texts, hash_clauses_of_local=False)
    return [row for row in rows if row["version"] or statute_key(row["title"]) not in repealed]


def main(texts: Path) -> None:
    EDITIONS.write_bytes(gzip.compress(write_statutes(shipped_editions(texts.read_bytes())), 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
