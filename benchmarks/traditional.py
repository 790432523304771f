"""The judged sets asked in the characters of Hong Kong and of Taiwan, beside the simplified ones.

``python -m benchmarks.traditional [folder of the sets] [--engine elasticsearch --host ADDRESS]``. Queries are
converted by OpenCC (s2hk; s2twp, which also puts Taiwan's words for the mainland's). Each set's mean of every
measure must be within 1 % of that of the simplified queries; what lost most is listed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import anyio
import opencc

from benchmarks.relevance import SETS
from search.evaluation import __main__ as command
from search.evaluation import judgement_files, metrics
from search.evaluation.metrics import MEASURES, Report

WAYS = ("s2hk", "s2twp")
ALLOWED = 0.01


async def reports(folder: Path, name: str, engine: str, host: str) -> dict[str, Report]:
    judged = judgement_files.read_judgements(folder / name / "queries.tsv", folder / name / "qrels.tsv")
    corpus = judgement_files.read_corpus(folder / SETS[name] / "corpus.jsonl.gz")
    async with command.opened(engine, host) as fresh:
        found = {"simplified": await metrics.evaluate(fresh, corpus, judged)}
        for way in WAYS:
            convert = opencc.OpenCC(way).convert
            asked = [replace(query, text=convert(query.text)) for query in judged]
            found[way] = await metrics.ask(fresh, asked, as_of=1)
    return found


def main() -> int:
    default = Path(__file__).resolve().parents[2] / "shared" / "data" / "search-eval"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    command.add_engine(parser)
    asked = parser.parse_args()
    low = 0
    for name in SETS:
        if not (asked.folder / name / "qrels.tsv").exists():
            print(f"{name:18} is not in {asked.folder}")
            continue
        found = anyio.run(reports, asked.folder, name, asked.engine, asked.host)
        plain = found.pop("simplified")
        print(f"{name:18} simplified  {'  '.join(f'{m} {plain.mean(m):.4f}' for m in MEASURES)}", flush=True)
        for way, report in found.items():
            shares = {m: report.mean(m) / plain.mean(m) for m in MEASURES}
            low += min(shares.values()) < 1 - ALLOWED
            shown = "  ".join(f"{m} {report.mean(m):.4f} ({share:.4f})" for m, share in shares.items())
            print(f"{'':18} {way:10}  {shown}", flush=True)
            for change in metrics.changes(plain.queries, report.queries)[:5]:
                print(f"{'':30}{change.before:.3f} → {change.after:.3f}  {change.text[:60]}")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
