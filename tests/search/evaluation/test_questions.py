"""Questions of citizens are answered: the bar on both halves, and what counts as good."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from benchmarks import own_relevance
from benchmarks.search import citizen_questions
from publisher import settings
from publisher.log.log import Log
from search.contract import HighlightedText, Hit, Page
from search.embedded.engine import EmbeddedEngine
from search.evaluation import questions
from search.evaluation.questions import Count, Question
from search.find import SearchPage
from search.missing_words import MissingWords

QUESTION = Question("q", "居住证怎么办", ("居住证申领",), None)
NOT_HELD = Question("n", "彩票店申请", (), "彩票")


@pytest.fixture
def log(sample_home: Path) -> Iterator[Log]:
    place = settings.read_settings(sample_home, {})
    with closing(Log.open(place.database, sources=place.sources, read_only=True)) as log:
        yield log


def answer(*titles: str, missing: tuple[str, ...] = ()) -> SearchPage:
    hits = tuple(
        Hit(f"s{n}", "guides", f"r{n}", f"v{n}", 1.0, HighlightedText("name", title, ()), ())
        for n, title in enumerate(titles)
    )
    return SearchPage(
        Page(hits, len(hits), "all", len(hits), {}, None),
        "居住证",
        missing=MissingWords(missing, ()) if missing else None,
    )


@pytest.mark.slow
def test_the_half_that_search_is_tuned_by_meets_the_bar(log: Log, tmp_path: Path) -> None:
    async def verdicts() -> list[questions.Verdict]:
        engine = EmbeddedEngine(tmp_path / "index")
        try:
            pages = await citizen_questions.answers(log, engine, kept_out=False)
        finally:
            await engine.close()
        return [questions.judge(question, page) for question, page in pages.items()]

    total = questions.count(anyio.run(verdicts))
    assert total.good * 46 >= 34 * total.questions, total


@pytest.mark.slow
def test_every_expected_title_is_in_the_sample(log: Log) -> None:
    titles = {document.title for document in own_relevance.documents(log)}
    expected = {title for question in questions.read_questions() for title in question.titles}
    assert expected <= titles


def test_half_of_the_drawn_questions_is_kept_out() -> None:
    drawn = [q for q in questions.read_questions() if q.id[0] in "qn"]
    assert len(drawn) >= 46
    assert sum(questions.is_kept_out(q) for q in questions.read_questions()) == len(drawn) // 2


def test_good_is_among_the_first_three_and_useless_on_no_first_page() -> None:
    others = [f"许可{n}" for n in range(12)]
    assert questions.judge(QUESTION, answer(*others[:2], "居住证申领")) == "good"
    assert questions.judge(QUESTION, answer(*others[:3], "居住证申领")) == "fair"
    assert questions.judge(QUESTION, answer(*others, "居住证申领")) == "useless"


def test_not_held_is_good_only_where_nothing_is_held() -> None:
    assert questions.judge(QUESTION, answer("居住证申领", missing=("居住证",))) == "useless"
    assert questions.judge(NOT_HELD, answer(missing=("彩票店",))) == "good"
    assert questions.judge(NOT_HELD, answer("食品经营许可")) == "useless"
    assert questions.judge(NOT_HELD, answer()) == "fair"


def test_the_bar_is_34_of_46_and_two_useless() -> None:
    assert Count(46, 34, 2).meets_the_bar
    assert not Count(46, 33, 2).meets_the_bar
    assert not Count(46, 40, 3).meets_the_bar
    assert Count(92, 68, 4).meets_the_bar
