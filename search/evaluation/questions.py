"""Questions that citizens type, with the answers that a site should give: counts good and useless ones.

``sample/questions.tsv``: id, text, and the titles of which one should be found (``A|B``), or ``!word`` where
the site holds nothing about the word and should say so. Half of the questions are kept out of tuning:
:func:`is_kept_out`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from search.find import SearchPage

TOP = 3
"""An answer is good if it is among the first hits: what a phone shows."""
_PAGE = 10
"""An answer on the rest of the first page is of some use; nobody sees the next page."""
_SEED = 19
_DRAWN = ("q", "n")
"""First letters of the questions of which half was drawn; later ones (t, m) are all for tuning."""

type Verdict = Literal["good", "fair", "useless"]


class Question(msgspec.Struct, frozen=True):
    id: str
    text: str
    titles: tuple[str, ...]
    """Titles that answer it; empty if the site holds nothing."""
    not_held: str | None
    """Word that the site does not hold."""


class Count(msgspec.Struct, frozen=True):
    questions: int
    good: int
    useless: int

    @property
    def meets_the_bar(self) -> bool:
        """Test for 34 good of 46, and at most two useless ones, in proportion."""
        return self.good * 46 >= 34 * self.questions and self.useless * 46 <= 2 * self.questions


@cache
def read_questions() -> tuple[Question, ...]:
    text = (files("search.evaluation") / "sample" / "questions.tsv").read_text(encoding="utf-8")
    return tuple(_parse(*line.split("\t")) for line in text.splitlines())


def _parse(key: str, text: str, answer: str) -> Question:
    if answer.startswith("!"):
        return Question(key, text, (), answer[1:])
    return Question(key, text, tuple(answer.split("|")), None)


@cache
def _kept_out() -> frozenset[str]:
    ids = [question.id for question in read_questions() if question.id.startswith(_DRAWN)]
    return frozenset(random.Random(_SEED).sample(ids, len(ids) // 2))  # noqa: S311 - a split, not a secret


def is_kept_out(question: Question) -> bool:
    """Test whether a question belongs to the half that is not used for tuning."""
    return question.id in _kept_out()


def judge(question: Question, answer: SearchPage) -> Verdict:
    """Judge the first page of an answer. “Not held” over a fact that is held is useless."""
    if question.not_held is not None:
        if answer.missing is not None:
            names_it = any(w in question.not_held or question.not_held in w for w in answer.missing.words)
            return "good" if names_it else "fair"
        return "useless" if answer.page.hits else "fair"
    if answer.missing is not None:
        return "useless"
    titles = [hit.title.text for hit in answer.page.hits[:_PAGE]]
    if any(title in question.titles for title in titles[:TOP]):
        return "good"
    return "fair" if any(title in question.titles for title in titles) else "useless"


def count(verdicts: Sequence[Verdict]) -> Count:
    return Count(len(verdicts), verdicts.count("good"), verdicts.count("useless"))
