"""False offers of search by meaning: questions about everyday matters that no list answers.

``python -m benchmarks.search.unanswered_questions`` searches the sample data for the questions of
``search/evaluation/sample/unanswered.txt``, and prints those for which a record is offered as similar.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import anyio

from benchmarks import own_relevance
from search.contract import Request, Similar
from search.evaluation import __main__ as command
from search.evaluation import metrics, model_choice
from search.semantic.encoder import Encoder

MOST_SHARE = 0.05
"""Largest share of questions with an offer that is accepted."""


def read_unanswered() -> list[str]:
    sample = files("search.evaluation") / "sample" / "unanswered.txt"
    return sample.read_text(encoding="utf-8").splitlines()


async def _offers(encoder: Encoder) -> dict[str, Similar]:
    """Return question → what is offered for it, where anything is."""
    offers: dict[str, Similar] = {}
    with tempfile.TemporaryDirectory() as home:
        async with (
            own_relevance.site(Path(home)) as log,
            command.open_engine("embedded", "", encoder) as engine,
        ):
            await engine.rebuild(own_relevance.documents(log))
            await metrics.encode_all(engine)
            for question in read_unanswered():
                request = Request(question, as_of=own_relevance.DAY.toordinal(), limit=1, similar=3)
                page = await engine.search(request)
                if page.similar is not None and page.similar.total:
                    offers[question] = page.similar
    return offers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    model_choice.add_model(parser)
    encoder = model_choice.choose_encoder(parser.parse_args())
    if encoder is None:
        print("no model is installed in QINGDAN_HOME: run qingdan model install")
        return 1
    offers = anyio.run(_offers, encoder)
    for question, similar in offers.items():
        print(question, similar.total, [(hit.title.text, round(hit.score, 3)) for hit in similar.hits])
    share = len(offers) / len(read_unanswered())
    print(f"{len(read_unanswered())} questions, {share:.1%} with an offer (at most {MOST_SHARE:.0%})")
    return 0 if share <= MOST_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
