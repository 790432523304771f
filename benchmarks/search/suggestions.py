"""Suggestions for partial input, on 150,000 records with distinct names.

``python -m benchmarks.search.suggestions [articles.jsonl.gz] [--records N]``. Names are those of articles
of law, and beginnings of their texts up to the number of records. They are typed letter by letter, in
characters, in pinyin and by initials. Each intermediate input is one call of the function behind
``/v1/suggest``; each mistyped name is one call of that behind ``did_you_mean``. A plain scan of all names is
measured in the same run. The bar is 20 ms at p99 of wall time, for completing; processor time is printed too,
since other load affects it less.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.support.laws import ARTICLES, data_path
from benchmarks.support.memory import current_memory
from benchmarks.support.timing import Timer, Times, quantile
from search.chinese import pinyin, thesaurus
from search.query.did_you_mean import find_nearest_name
from search.query.name_index import Name, Names

RECORDS = 150_000
TYPED = 300
"""Number of names that are typed, and that are mistyped."""
BAR = 20.0
"""Milliseconds at p99."""


def load_names(path: Path, count: int) -> list[Name]:
    titles: dict[str, None] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            titles[f"{row['law']} {row['article']}"] = None
            if len(titles) < count:
                titles[f"{row['law']} {row.get('chapter') or ''} {row['text'][:12]}"] = None
    return [Name(title, "name", 1) for title in list(titles)[:count]]


def partial_inputs(names: list[Name], readings: pinyin.Pinyin, draw: random.Random) -> Iterator[str]:
    """Yield the intermediate inputs of typing names, up to twelve letters."""
    for number in range(TYPED):
        text = draw.choice(names).text
        start = draw.choice((0, 0, len(text) // 3))
        part = text[start : start + 10]
        syllables = readings.syllables(part)
        whole = (part, "".join(syllables), "".join(s[0] for s in syllables))[number % 3]
        yield from (whole[:end] for end in range(1, min(len(whole), 12) + 1))


def mistyped_names(names: list[Name], draw: random.Random) -> Iterator[str]:
    """Yield names with one wrong character."""
    for _ in range(TYPED):
        text = draw.choice(names).text[:14]
        place = draw.randrange(len(text))
        yield text[:place] + draw.choice("克化申品及务") + text[place + 1 :]


def time_calls(ask: Callable[[str], object], inputs: list[str]) -> Times:
    times = Times()
    for text in inputs:
        timer = Timer()
        ask(text)
        times.add(timer)
    return times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", nargs="?", type=Path, default=data_path(*ARTICLES))
    parser.add_argument("--records", type=int, default=RECORDS)
    options = parser.parse_args()
    all_names = load_names(options.articles, options.records)
    analyzer, lexicon = thesaurus.load_language()
    readings = pinyin.load_pinyin(analyzer)
    before, timer = current_memory(), Timer()
    names = Names(all_names, analyzer, lexicon, readings)
    seconds, memory = timer.seconds(), current_memory() - before
    print(f"{len(names)} names: made in {seconds:.1f} s, {memory:.0f} MiB")
    draw = random.Random(11)
    p99 = {}
    for name, ask, inputs in (
        (
            "completing",
            lambda text: names.complete(text, 20),
            list(partial_inputs(all_names, readings, draw)),
        ),
        ("correcting", lambda text: find_nearest_name(text, names), list(mistyped_names(all_names, draw))),
        ("a plain scan", names.keys.text.count, list(mistyped_names(all_names, draw))),
    ):
        times = time_calls(ask, inputs)
        print(f"{name:14} {times}", flush=True)
        p99[name] = quantile(times.clock, 0.99)
    return 1 if p99["completing"] > BAR else 0


if __name__ == "__main__":
    sys.exit(main())
