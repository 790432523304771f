"""nDCG@10, MRR@10 and recall@10 of the embedded engine on the three judged sets.

``python -m benchmarks.relevance [folder of the sets]``; a set that is not there is left out and named.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from search.judgements import measure

SETS = {"statutes": "statutes", "power-items": "statutes", "policy-questions": "policy-questions"}
"""Set → the folder of its corpus."""

FLOORS = {"statutes": 0.39, "power-items": 0.61, "policy-questions": 0.90}


def figures(folder: Path, name: str) -> dict[str, float | int]:
    judged = measure.read_judgements(folder / name / "queries.tsv", folder / name / "qrels.tsv")
    corpus = measure.read_corpus(folder / SETS[name] / "corpus.jsonl.gz")
    with tempfile.TemporaryDirectory() as index:
        return measure.evaluate(Path(index), corpus, judged)


def main() -> int:
    default = Path(__file__).resolve().parents[2] / "shared" / "data" / "search-eval"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    low = 0
    for name, floor in FLOORS.items():
        if not (folder / name / "qrels.tsv").exists():
            print(f"{name:18} is not in {folder}")
            continue
        found = figures(folder, name)
        low += found["ndcg@10"] < floor
        shown = "  ".join(f"{key} {value}" for key, value in found.items())
        print(f"{name:18} {shown}  (floor {floor:.2f})", flush=True)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
