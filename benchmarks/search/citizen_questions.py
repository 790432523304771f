"""Answers to questions that citizens type, on the sample data (``search/evaluation/questions.py``).

``python -m benchmarks.search.citizen_questions`` prints the questions of the half by which search is tuned
that are not answered well, each with its verdict. ``--kept-out`` measures the other half, and prints none of
its questions.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import anyio

from benchmarks import own_relevance
from publisher.indexing.site_names import SiteNames
from publisher.log.log import Log
from publisher.views.api.search_scope import make_search_scope
from search import find as search_find
from search.contract import Request, SearchEngine
from search.evaluation import __main__ as command
from search.evaluation import metrics, model_choice, questions
from search.evaluation.questions import Question, Verdict
from search.find import SearchPage
from search.semantic.encoder import Encoder


async def answers(log: Log, engine: SearchEngine, *, kept_out: bool) -> Mapping[Question, SearchPage]:
    """Search for the questions of one half as the service does."""
    await engine.rebuild(own_relevance.documents(log))
    await metrics.encode_all(engine)
    names, fields = SiteNames(log), make_search_scope(log).fields()
    half = [q for q in questions.read_questions() if questions.is_kept_out(q) == kept_out]
    return {
        question: await search_find.find(
            engine, names, Request(question.text, as_of=own_relevance.DAY.toordinal(), similar=5), fields
        )
        for question in half
    }


async def _run(encoder: Encoder | None, *, kept_out: bool) -> Mapping[Question, tuple[Verdict, SearchPage]]:
    with tempfile.TemporaryDirectory() as home:
        async with (
            own_relevance.site(Path(home)) as log,
            command.open_engine("embedded", "", encoder) as engine,
        ):
            pages = await answers(log, engine, kept_out=kept_out)
            return {question: (questions.judge(question, page), page) for question, page in pages.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kept-out", action="store_true")
    model_choice.add_model(parser)
    options = parser.parse_args()
    encoder = model_choice.choose_encoder(options)
    print(f"model {model_choice.describe_model(encoder)}")
    results = anyio.run(partial(_run, encoder, kept_out=options.kept_out))
    for question, (verdict, page) in results.items():
        if verdict != "good" and not options.kept_out:
            missing = page.missing.words if page.missing else ()
            print(verdict, question.text, missing, [hit.title.text for hit in page.page.hits[:4]])
    total = questions.count([verdict for verdict, _ in results.values()])
    print(f"{total.questions} questions, {total.good} good, {total.useless} useless")
    return 0 if total.meets_the_bar else 1


if __name__ == "__main__":
    sys.exit(main())
