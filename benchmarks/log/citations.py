"""Citations of real texts: speed, and how many of them lead somewhere. Reads ``shared/data``.

Bars: 10⁶ characters of bases in at most 1.5 s; 99 % of national laws and regulations that power lists cite as
a basis are known by their title; 99 % of the articles that they cite exist in an edition; 580 repeals in the
texts of statutes, of which 57 of 60 that are read by hand are right (``--sample`` prints 60 by a seed).
"""

from __future__ import annotations

import gzip
import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator

from benchmarks.support.laws import ARTICLES, data_path
from publisher.ingest.documents.repeal_sentences import find_repealed_documents
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from schemas.normalise import chinese_number
from schemas.reference.cited_works import find_cited_works
from schemas.reference.works import key_of_title, parse_key

SAMPLE, SEED = 60, 17
"""Number of repeals that ``--sample`` prints, and seed of their choice."""
_ARTICLE = re.compile(r"第(.+?)条")
_NATIONAL = re.compile(
    r"[【\[（(]?\s*(?:\d+[.、])?\s*(?:国家)?(?:法律|行政法规)\s*[】\]）):：]\s*《(?P<labelled>[^》]+)》"
    r"|《(?P<state>中华人民共和国[^》]+)》"
)
"""A title that the list calls a national law or regulation, or that begins with the name of the state.

Rules of ministries (规定, 办法, 规则) often begin so too, therefore only 法 and 条例 count.
"""

type Edge = tuple[str, str]
"""Keys of the statute that repeals, and of the one that is repealed."""


def articles() -> Iterator[dict[str, str]]:
    with gzip.open(data_path(*ARTICLES), "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def bases() -> list[str]:
    catalogue, texts = load_catalogue("power-list"), []
    for path in sorted(data_path("power-list-karamay").iterdir()):
        for entry in read_file(path.read_bytes(), name=path.name, catalogue=catalogue).records:
            texts += [str(entry.content[field]) for field in catalogue.basis_fields if field in entry.content]
    return texts


def measure_speed(texts: list[str]) -> bool:
    characters = sum(map(len, texts))
    began = time.process_time()
    count = sum(len(find_cited_works(text)) for text in texts)
    seconds = (time.process_time() - began) / characters * 1e6
    print(
        f"citations of 10⁶ characters    {seconds:.2f} s (bar 1.5 s); {count:,} in {characters:,} characters"
    )
    return seconds <= 1.5


def measure_resolution(texts: list[str], article_numbers: dict[str, set[int]]) -> bool:
    national = {
        key_of_title(match["labelled"] or match["state"])
        for text in texts
        for match in _NATIONAL.finditer(text)
        if (match["labelled"] or match["state"]).endswith(("法", "条例"))
    }
    cited = [work for text in texts for work in find_cited_works(text) if work.role == "basis"]
    of_nation = [work for work in cited if work.key in national]
    unknown = Counter(work.key for work in of_nation if work.key not in article_numbers)
    share = 1 - unknown.total() / len(of_nation)
    print(f"national statutes resolved     {share:.2%} of {len(of_nation):,} (bar 99 %)")
    print(f"  not in the corpus: {unknown.most_common(12)}")
    placed = [work for work in cited if work.article and work.key in article_numbers]
    absent = Counter(
        (work.key, work.article) for work in placed if work.article not in article_numbers[work.key]
    )
    share_of_articles = 1 - absent.total() / len(placed)
    print(f"articles that exist            {share_of_articles:.2%} of {len(placed):,} (bar 99 %)")
    print(f"  in no edition: {absent.most_common(12)}")
    return min(share, share_of_articles) >= 0.99


def find_repeals() -> tuple[dict[Edge, tuple[str, str]], dict[str, set[int]]]:
    """Find the repeals with the article and sentence that state them, and the articles of each statute."""
    edges: dict[Edge, tuple[str, str]] = {}
    article_numbers: dict[str, set[int]] = defaultdict(set)
    for article in articles():
        own = key_of_title(article["law"])
        number = _ARTICLE.match(article["article"])
        article_numbers[own].add((chinese_number(number[1]) or 0) if number else 0)
        for sentence in re.split(r"(?<=[。；\n])", article["text"]):
            for name in find_repealed_documents(sentence):
                edges.setdefault((own, parse_key(name)), (article["article"], sentence.strip()))
    return edges, article_numbers


def main(options: list[str]) -> int:
    texts = bases()
    within_bars = [measure_speed(texts)]
    edges, article_numbers = find_repeals()
    within_bars.append(measure_resolution(texts, article_numbers))
    newer = sum(source == target for source, target in edges)
    print(f"repeals in texts of statutes   {len(edges) - newer:,} (bar 580); and {newer} by a newer edition")
    within_bars.append(len(edges) - newer >= 580)
    if "--sample" in options:
        chosen = random.Random(SEED).sample(sorted(e for e in edges if e[0] != e[1]), SAMPLE)
        for number, edge in enumerate(chosen, 1):
            print(number, *edge, *edges[edge], sep=" | ")
    return 0 if all(within_bars) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
