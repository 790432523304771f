"""nDCG@10, MRR@10 and recall@10 of an engine on the three judged sets, with intervals.

``python -m benchmarks.relevance [folder of the sets] [--engine elasticsearch --host ADDRESS]``. A missing set
is skipped and reported. ``--save FOLDER`` saves the runs, ``--against FOLDER`` lists what got worse.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import anyio
import msgspec

from benchmarks.support.laws import data_path
from search.evaluation import __main__ as command
from search.evaluation import judgement_files, metrics, model_choice
from search.evaluation.metrics import Report
from search.semantic.encoder import Encoder

SETS = {"statutes": "statutes", "power-items": "statutes", "policy-questions": "policy-questions"}
"""Set → the folder of its corpus."""

FLOORS = {"statutes": 0.45, "power-items": 0.70, "policy-questions": 0.92}
"""Set → least nDCG@10."""


async def report(folder: Path, name: str, engine: str, host: str, encoder: Encoder | None) -> Report:
    judged = judgement_files.read_judgements(folder / name / "queries.tsv", folder / name / "qrels.tsv")
    async with command.open_engine(engine, host, encoder) as fresh:
        return await metrics.evaluate(
            fresh, judgement_files.read_corpus(folder / SETS[name] / "corpus.jsonl.gz"), judged
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=data_path("search-eval"))
    command.add_engine(parser)
    model_choice.add_model(parser)
    parser.add_argument("--save", type=Path, metavar="FOLDER")
    parser.add_argument("--against", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    encoder = model_choice.choose_encoder(options)
    print(f"model {model_choice.describe_model(encoder)}")
    low = 0
    for name, floor in FLOORS.items():
        if not (options.folder / name / "qrels.tsv").exists():
            print(f"{name:18} is not in {options.folder}")
            continue
        measured = anyio.run(report, options.folder, name, options.engine, options.host, encoder)
        low += measured.mean("ndcg@10") < floor
        figures = "  ".join(f"{key} {value}" for key, value in measured.figures().items())
        print(f"{name:18} {figures}  (floor {floor:.2f})", flush=True)
        if options.against:
            earlier = msgspec.json.decode((options.against / f"{name}.json").read_bytes(), type=Report)
            sys.stdout.writelines(command.format_comparison(earlier, measured))
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            (options.save / f"{name}.json").write_bytes(msgspec.json.encode(measured))
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
