"""A site whose records, titles and notes are five thousand hostile strings."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import batched
from pathlib import Path

from publisher.log.log import Log
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.support.clock import Clock
from tests.support.site import Site, demo_dataset, opened, publish, ticking_clock

NUMBER = 5_000
SEEDS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "{{7*7}}{% raw %}${7*7}#{7*7}",
    "javascript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<base href=//evil.example>",
    "\\u003cscript\\u003ealert(1)",
    "&lt;script&gt;&#x3c;script&#x3e;&amp;lt;",
    "\u202e逆\u2066序\u2069\u202c\u200f",
    "\u2028\u2029\ufeff\u00ad\u200b\u200d",
    "𠮷𡈽𠀀𪚥𬺡",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L",
    "' OR 1=1; DROP TABLE record; --",
    "../../../../etc/passwd\\..\\",
    "%00%0d%0aSet-Cookie:x=1",
    "=cmd|'/c calc'!A0",
    "《" * 40 + "〔" * 40,
    "国发〔2015〕" * 30,
    "a" * 300,
    "e" + "\u0301" * 60,
    "\u05d0\u05d1\u05d2 שלום \u0645\u0631\u062d\u0628\u0627",
)


def strings() -> Iterator[str]:
    """Yield seeds, cut, joined and filled with characters that break parsers; the same in every run."""
    chance = random.Random(20151105)
    odd = [
        "\x0b",
        "\x7f",
        "\x85",
        "\ufdd0",
        "\ufffe",
        "\ufffd",
        "\u202e",
        "\u2067",
        "<",
        ">",
        '"',
        "'",
        "&",
        "`",
        "𠮷",
    ]
    for _ in range(NUMBER):
        one, other = chance.choice(SEEDS), chance.choice(SEEDS)
        at = chance.randrange(len(one) + 1)
        yield one[:at] + "".join(chance.choices(odd, k=chance.randrange(4))) + other + one[at:]


BUNDLE = 100
"""Strings in one record of the dataset ``bundles``."""


def content(log: Log, _clock: Clock) -> None:
    """Publish ``fees`` with one record per string and ``bundles`` with many strings per record.

    Both have one record with cells of up to 100,000 characters, with and without word breaks.
    """
    texts_of_dataset = {"notice": SEEDS[1], "source_note": SEEDS[2], "title_en": SEEDS[16]}
    texts = list(strings())
    contents: list[Content] = [
        {"name": f"{number} {text}", "department": texts[-number], "remark": text, "basis": [texts[-number]]}
        for number, text in enumerate(texts)
    ]
    contents.append({"name": "长", "department": "长" * 2_000, "remark": "<b>长</b>" * 15_000})
    bundles: list[Content] = [
        {"name": f"{number} {many[0]}", "department": many[1], "remark": "\n".join(many), "basis": list(many)}
        for number, many in enumerate(batched(texts, BUNDLE))
    ]
    bundles.append({"name": "a" * 2_000, "department": "Z" + "\u0351" * 2_000, "remark": "a" * 100_000})
    for name, rows in (("fees", contents), ("bundles", bundles)):
        log.datasets.create(
            demo_dataset(name, title=f"{name} {SEEDS[0]}\u202e", **texts_of_dataset), load_catalogue("fees")
        )
        publish(log, name, rows, date(2015, 1, 1), SEEDS[0])


@contextmanager
def site(home: Path, base: str) -> Iterator[Site]:
    with opened(
        home, Site, content=content, clock=ticking_clock(datetime(2016, 1, 4, 1, tzinfo=UTC)), base=base
    ) as site:
        yield site
