"""What a page knows of who opens it: the language of its labels, the day they look at, where links lead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Literal
from urllib.parse import quote, urlencode, urlsplit

from litestar.concurrency import sync_to_thread

from publisher.log.clocks import SHANGHAI, day_at
from publisher.log.model import View
from publisher.views.api import requested_view
from publisher.web import query_parameters
from publisher.web.problems import Fault, ProblemError
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import Call
from publisher.web.service import Service

type Lang = Literal["zh", "zh-Hant", "en"]
type Pairs = tuple[tuple[str, str], ...]

_LANGS: dict[str, Lang] = {"zh": "zh", "zh-Hant": "zh-Hant", "en": "en"}
_CLOCKS = ("as_of", "known_at")
_CLOCK_GRAMMAR = Grammar(names=frozenset(_CLOCKS))


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page. No cookie is read: all that a page depends on is its address."""

    service: Service
    call: Call
    lang: Lang = "zh"
    view: View = field(default_factory=View)
    """The day, or instant, that every page shows until the reader leaves it; never a release."""
    clocks: Pairs = ()
    """The same as it stands in the address."""
    pairs: Pairs = ()
    """The rest of the query."""
    root: str = field(init=False)
    """The path at which the site begins; empty for a host of its own."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", urlsplit(self.service.site.base).path)

    @property
    def path(self) -> str:
        return self.call.address

    def t(self, zh: str, en: str) -> str:
        """A label in the reader's language. Traditional characters are made of the Chinese at the end."""
        return en if self.lang == "en" else zh

    def url(self, path: str, pairs: Iterable[tuple[str, str]] = (), *, clocks: bool = True) -> str:
        """An address of a page of ours, in the same language and, unless told, on the same day."""
        return self.root + _quoted(path) + _query((*pairs, *(self.clocks if clocks else ()), *self.spoken))

    @property
    def spoken(self) -> Pairs:
        return () if self.lang == "zh" else (("lang", self.lang),)

    def link(self, path: str, pairs: Iterable[tuple[str, str]] = ()) -> str:
        """An address that is no page of ours: of the API, of a feed, of a file."""
        return self.root + _quoted(path) + _query(tuple(pairs))

    def here(self, *, without: Iterable[str] = (), **given: str) -> str:
        """This page with parts of its query set anew. A page of results begins again."""
        gone = {*without, *given, "cursor"}
        return self.url(self.path, [*self.besides(*gone), *given.items()])

    def toggled(self, name: str, value: str) -> str:
        """This page with one filter put on, or taken off where it is on."""
        pair = (name, value)
        kept = [p for p in self.besides("cursor") if p != pair]
        return self.url(self.path, kept if pair in self.pairs else [*kept, pair])

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(v for n, v in self.pairs if n == name)

    def besides(self, *names: str) -> Pairs:
        """The query without these."""
        return tuple(pair for pair in self.pairs if pair[0] not in names)

    def spoken_in(self, lang: Lang) -> str:
        """This page in another language."""
        spoken = (("lang", lang),) if lang != "zh" else ()
        return self.root + _quoted(self.path) + _query((*self.pairs, *self.clocks, *spoken))

    def leaving(self) -> str:
        """This page in the present."""
        return self.url(self.path, self.pairs, clocks=False)

    @property
    def canonical(self) -> str:
        """The page's one address for the web: without language and place in a list."""
        pairs = (*self.besides("cursor"), *self.clocks)
        return self.service.link(_quoted(self.path)) + _query(pairs)

    def asked(self, grammar: Grammar, *, clocks: bool = False) -> Parameters:
        """The query by ``grammar``, without the clocks unless told. Raises ``invalid-parameters``."""
        pairs = (*self.pairs, *self.clocks) if clocks else self.pairs
        return query_parameters.parse_pairs(query_parameters.group(pairs), grammar)

    def today(self) -> date:
        """The day that the page shows."""
        return self.view.as_of or self.service.today()

    def day(self, day: date | datetime | None) -> str:
        """A day as the reader's language writes it; of an instant, the day in China."""
        if day is None:
            return ""
        if isinstance(day, datetime):
            day = day_at(day)
        if self.lang == "en":
            return f"{day.day} {day:%B %Y}"
        return self.chinese_day(day)

    @staticmethod
    def chinese_day(day: date) -> str:
        """For what is quoted, whatever the reader's language."""
        return f"{day.year}年{day.month}月{day.day}日"

    def moment(self, instant: datetime) -> str:
        """An instant as readers in China count it (UTC+8)."""
        local = instant.astimezone(SHANGHAI)
        return f"{self.day(instant)} {local:%H:%M:%S}"


_quoted = lru_cache(4096)(quote)


@lru_cache(4096)
def _query(pairs: Pairs) -> str:
    """With the ``?``; one page names many an address twice, and many pages the same ones."""
    return f"?{urlencode(pairs)}" if pairs else ""


async def read[**P, R](service: Service, reader: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Reads of a database in this process are over before a thread would have begun."""
    if service.embedded:
        return reader(*args, **kwargs)
    return await sync_to_thread(reader, *args, **kwargs)


def of(service: Service, call: Call) -> Visit:
    """Raises ``invalid-parameters`` for a language or day that there is not."""
    query = query_parameters.split(call.query)
    # A field of a form that was left blank asks for nothing.
    pairs = [(name, value) for name, values in query.items() for value in values if value.strip()]
    langs = [_lang(value) for name, value in pairs if name == "lang"] or [_LANGS["zh"]]
    clocks = tuple(pair for pair in pairs if pair[0] in _CLOCKS)
    rest = tuple(pair for pair in pairs if pair[0] not in ("lang", *_CLOCKS))
    view = query_parameters.parse_pairs(query_parameters.group(clocks), _CLOCK_GRAMMAR).view
    requested_view.check_known(service, view)
    return Visit(service, call, langs[-1], view, clocks, rest)


def lenient(service: Service, path: str, query: bytes) -> Visit:
    """For the page of an error, which may be about the query itself: what can be read of it."""
    call = Call({}, query, path)
    try:
        return of(service, call)
    except ProblemError:
        lang = re.search(rb"(?:^|&)lang=(zh-Hant|en)(?:&|$)", query)
        return Visit(service, call, _LANGS[lang[1].decode()] if lang else "zh")


def _lang(value: str) -> Lang:
    if value in _LANGS:
        return _LANGS[value]
    names = "、".join(_LANGS)
    fault = Fault(
        parameter="lang",
        code="bad-value",
        detail=f"应为{names}。",
        detail_en=f"Should be one of {', '.join(_LANGS)}.",
    )
    raise query_parameters.invalid([fault])
