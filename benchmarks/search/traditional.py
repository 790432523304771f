"""Relevance of queries in traditional characters of Hong Kong and Taiwan, compared with simplified ones.

``python -m benchmarks.search.traditional [folder of the sets] [--engine elasticsearch --host ADDRESS]``.

OpenCC converts the queries (s2hk; s2twp, which also replaces mainland words by Taiwan's). Each set's mean
of every measure must be within 1 % of that of the simplified queries; the largest losses are listed.
An installed model is used.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import anyio
import opencc
from msgspec import structs

from benchmarks.relevance import SETS
from benchmarks.support.laws import data_path
from search.evaluation import __main__ as command
from search.evaluation import judgement_files, metrics, model_choice
from search.evaluation.metrics import MEASURES, Report
from search.semantic.encoder import Encoder

WAYS = ("s2hk", "s2twp")
MOST_LOSS = 0.01
"""Largest loss of a measure that is accepted, as a share."""


async def reports(
    folder: Path, name: str, engine: str, host: str, encoder: Encoder | None
) -> dict[str, Report]:
    judged = judgement_files.read_judgements(folder / name / "queries.tsv", folder / name / "qrels.tsv")
    corpus = judgement_files.read_corpus(folder / SETS[name] / "corpus.jsonl.gz")
    async with command.open_engine(engine, host, encoder) as fresh:
        reports_by_form = {"simplified": await metrics.evaluate(fresh, corpus, judged)}
        for way in WAYS:
            convert = opencc.OpenCC(way).convert
            converted = [structs.replace(query, text=convert(query.text)) for query in judged]
            reports_by_form[way] = await metrics.run_queries(fresh, converted, as_of=1)
    return reports_by_form


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=data_path("search-eval"))
    command.add_engine(parser)
    model_choice.add_model(parser)
    options = parser.parse_args()
    encoder = model_choice.choose_encoder(options)
    print(f"model {model_choice.describe_model(encoder)}")
    low = 0
    for name in SETS:
        if not (options.folder / name / "qrels.tsv").exists():
            print(f"{name:18} is not in {options.folder}")
            continue
        reports_by_form = anyio.run(reports, options.folder, name, options.engine, options.host, encoder)
        plain = reports_by_form.pop("simplified")
        print(f"{name:18} simplified  {'  '.join(f'{m} {plain.mean(m):.4f}' for m in MEASURES)}", flush=True)
        for way, report in reports_by_form.items():
            shares = {m: report.mean(m) / plain.mean(m) for m in MEASURES}
            low += min(shares.values()) < 1 - MOST_LOSS
            figures = "  ".join(f"{m} {report.mean(m):.4f} ({share:.4f})" for m, share in shares.items())
            print(f"{'':18} {way:10}  {figures}", flush=True)
            for change in metrics.compare_runs(plain.queries, report.queries)[:5]:
                print(f"{'':30}{change.before:.3f} → {change.after:.3f}  {change.text[:60]}")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
