"""Scores the embedded engine on a labelled set (``python -m search.judgements --help``).

Files are of TREC's form: the corpus JSON Lines (may be gzipped) with ``id`` and ``text``, and ``law`` and
``article`` or ``title`` for a title; ``queries.tsv`` (id, text); ``qrels.tsv`` (id, 0, document, grade).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from search.judgements import measure


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m search.judgements", description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--qrels", type=Path, required=True)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args(arguments)
    judged = measure.read_judgements(asked.queries, asked.qrels)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure.evaluate(Path(folder), measure.read_corpus(asked.corpus), judged)
    if asked.json:
        json.dump(figures, sys.stdout)
        sys.stdout.write("\n")
        return
    for name, value in figures.items():
        sys.stdout.write(f"{name:12} {value:.4f}\n" if isinstance(value, float) else f"{name:12} {value}\n")


if __name__ == "__main__":
    main()
