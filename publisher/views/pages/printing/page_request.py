"""The request for a page: language of the labels, displayed day, and addresses of links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Literal, Protocol
from urllib.parse import quote, urlencode, urlsplit

from litestar.concurrency import sync_to_thread

from publisher.log.clocks import SHANGHAI, day_at
from publisher.log.descriptions import SiteDetails
from publisher.log.model import Release, View
from publisher.log.releases.release_rows import takes_effect
from publisher.views.api import requested_view
from publisher.web import query_parameters
from publisher.web.problems import ProblemError
from publisher.web.query_parameters import Grammar, Parameters
from publisher.web.route import Call
from publisher.web.service import Service
from schemas.words import Lang

type PageLang = Literal["zh", "zh-Hant", "en"]
type Display = Literal["", "large", "contrast"]
type Pairs = tuple[tuple[str, str], ...]

_LANGS: dict[str, PageLang] = {"zh": "zh", "zh-Hant": "zh-Hant", "en": "en"}
_DISPLAYS: dict[str, Display] = {"large": "large", "contrast": "contrast"}
SOFTWARE = ("清单", "Qingdan")
_NO_PARAMETERS = Grammar()


class Titled(Protocol):
    """A thing with a title in both languages."""

    @property
    def title(self) -> str: ...

    @property
    def title_en(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page. A page depends only on its address; cookies are not read."""

    service: Service
    call: Call
    lang: PageLang = "zh"
    view: View = field(default_factory=View)
    """The day or instant that all linked pages keep, until the reader leaves it; never a release."""
    clocks: Pairs = ()
    """The same, as parameters of the address."""
    pairs: Pairs = ()
    """The rest of the query."""
    site: SiteDetails = field(default_factory=SiteDetails)
    """Details that the site states of itself."""
    display: Display = ""
    """Large type, or large type in strong contrast (适老化). Like the language, every link keeps it."""
    root: str = field(init=False)
    """Path prefix of the site; empty if the site has its own host."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", urlsplit(self.service.site.base).path)

    @property
    def path(self) -> str:
        return self.call.address

    @property
    def site_name(self) -> str:
        """Name of the site in the reader's language."""
        return site_name(self.site, self.t)

    @property
    def text_lang(self) -> Lang:
        """The language of texts before they are converted to traditional characters."""
        return "en" if self.lang == "en" else "zh"

    def t(self, zh: str, en: str) -> str:
        """Return a label in the reader's language, or the Chinese one if there is no English.

        Traditional characters are converted, and Chinese on English pages is marked, in the final HTML.
        """
        return (en or zh) if self.lang == "en" else zh

    def title_of(self, titled: Titled) -> str:
        """Return the title of a dataset, a catalogue or a field in the reader's language."""
        return self.t(titled.title, titled.title_en)

    def url(self, path: str, pairs: Iterable[tuple[str, str]] = (), *, clocks: bool = True) -> str:
        """Return the address of a page, in the same language and, with ``clocks``, on the same day."""
        return (
            self.root
            + _quote_path(path)
            + _query((*pairs, *(self.clocks if clocks else ()), *self.reader_pairs))
        )

    @property
    def reader_pairs(self) -> Pairs:
        """Return the parameters that every link to a page keeps: language and display."""
        return _pairs_of(self.lang, self.display)

    def link(self, path: str, pairs: Iterable[tuple[str, str]] = ()) -> str:
        """Return an address with these parameters alone: of the API, a feed, a file of these, or a form.

        Files of lists on pages have the language and the day of their page; see :meth:`url`.
        """
        return self.root + _quote_path(path) + _query(tuple(pairs))

    def here(self, *, without: Iterable[str] = (), **changes: str) -> str:
        """Return the address of this page with changed parameters, on the first page of results."""
        names = {*without, *changes, "cursor"}
        return self.url(self.path, [*self.pairs_without(*names), *changes.items()])

    def toggle_filter(self, name: str, value: str) -> str:
        """Return the address of this page with one filter added, or removed if it is set."""
        pair = (name, value)
        bound = ("cursor", "release") if name == "dataset" else ("cursor",)  # a release is one of its list
        others = [p for p in self.pairs_without(*bound) if p != pair]
        return self.url(self.path, others if pair in self.pairs else [*others, pair])

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(v for n, v in self.pairs if n == name)

    def pairs_without(self, *names: str) -> Pairs:
        """Return the query without these parameters."""
        return tuple(pair for pair in self.pairs if pair[0] not in names)

    def in_language(self, lang: PageLang) -> str:
        """Return the address of this page in another language."""
        return self._same_page(_pairs_of(lang, self.display))

    def in_display(self, display: Display) -> str:
        """Return the address of this page in another display."""
        return self._same_page(_pairs_of(self.lang, display))

    def _same_page(self, reader_pairs: Pairs) -> str:
        return self.root + _quote_path(self.path) + _query((*self.pairs, *self.clocks, *reader_pairs))

    def in_present(self) -> str:
        """Return the address of this page in the present: a cursor and a release are of another state."""
        return self.url(self.path, self.pairs_without("cursor", "release"), clocks=False)

    @property
    def canonical(self) -> str:
        """Return the canonical address, of the first page of a list. Each language has its own."""
        return self.canonical_in(self.lang)

    def canonical_in(self, lang: PageLang) -> str:
        """Return the canonical address of this page in another language."""
        pairs = (*self.pairs_without("cursor"), *self.clocks, *_pairs_of(lang, ""))
        return self.service.link(_quote_path(self.path)) + _query(pairs)

    @property
    def query(self) -> Mapping[str, list[str]]:
        """The parameters of the address without the language, with their values."""
        return query_parameters.group((*self.pairs, *self.clocks))

    def parse_query(self, grammar: Grammar, *, clocks: bool = False) -> Parameters:
        """Parse the query by ``grammar``; ``clocks`` includes them. Raises ``invalid-parameters``."""
        query = self.query if clocks else query_parameters.group(self.pairs)
        return query_parameters.parse_pairs(query, grammar)

    def refuse_parameters(self) -> None:
        """Raise ``invalid-parameters`` for a request with any parameter but the clocks and the language."""
        self.parse_query(_NO_PARAMETERS)

    def parse_list(self, grammar: Grammar) -> Parameters:
        """Parse the query of a list without its page, for files and feeds. Raises ``invalid-parameters``."""
        whole = replace(self, pairs=self.pairs_without("cursor", "limit"))
        return whole.parse_query(grammar, clocks=True)

    @property
    def own_query(self) -> str:
        """The query of this address without clocks and language, with its ``?``, or empty."""
        return _query(self.pairs)

    def day_of_view(self) -> date:
        """Return the day whose content the page shows."""
        return requested_view.day_of_view(self.service, self.view)

    @property
    def is_ahead(self) -> bool:
        """Report whether the page shows a day that is still to come."""
        return self.view.as_of is not None and self.view.as_of > self.service.today()

    def shows(self, release: Release) -> bool:
        """Report whether a release was published and in effect at the page's time."""
        is_published = self.view.known_at is None or release.published_at <= self.view.known_at
        return is_published and release.effective_on <= self.day_of_view()

    def latest(self, releases: Iterable[Release]) -> Release | None:
        """Return the newest release that was published and in effect at the page's time."""
        return max(filter(self.shows, releases), key=lambda release: release.number, default=None)

    def in_effect(self, releases: Iterable[Release]) -> list[Release]:
        """List the releases that :meth:`shows`, without those that were cancelled before they took effect."""
        visible = list(filter(self.shows, releases))
        cancelled = {release.cancels for release in visible}
        return [release for release in visible if release.number not in cancelled]

    def effective(self, releases: Iterable[Release]) -> Release | None:
        """Return the newest release of a dataset in which something takes effect: its day and its basis hold.

        Those of a later correction or withdrawal are not the list's.
        """
        return self.latest(filter(takes_effect, self.in_effect(releases)))

    def day(self, day: date | datetime | None) -> str:
        """Format a day in the reader's language; of an instant, the day in China."""
        if day is None:
            return ""
        if isinstance(day, datetime):
            day = day_at(day)
        if self.lang == "en":
            return f"{day.day} {day:%B %Y}"
        return self.chinese_day(day)

    @staticmethod
    def chinese_day(day: date) -> str:
        """Format a day in Chinese, for quotations in any language."""
        return f"{day.year}年{day.month}月{day.day}日"

    def moment(self, instant: datetime) -> str:
        """Format an instant in China's time (UTC+8)."""
        local = instant.astimezone(SHANGHAI)
        return f"{self.day(instant)} {local:%H:%M:%S}"


def _pairs_of(lang: PageLang, display: Display) -> Pairs:
    reader_pairs = () if lang == "zh" else (("lang", lang),)
    return (*reader_pairs, ("display", display)) if display else reader_pairs


@lru_cache(4096)
def _quote_path(path: str) -> str:
    """Encode a path. Browsers would read one that begins with two slashes as the address of another host."""
    return quote(re.sub("^/{2,}", "/", path))


@lru_cache(4096)
def _query(pairs: Pairs) -> str:
    """Encode a query with its ``?``. Cached, since pages repeat addresses."""
    return f"?{urlencode(pairs)}" if pairs else ""


async def run_read[**P, R](service: Service, reader: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a read in a thread, or directly for an embedded database, which is faster than a thread switch."""
    if service.embedded:
        return reader(*args, **kwargs)
    return await sync_to_thread(reader, *args, **kwargs)


def site_name(site: SiteDetails, say: Callable[[str, str], str]) -> str:
    """Return the name of the site in the language of ``say``; by default that of the software."""
    return say(site.name or SOFTWARE[0], site.name_en or site.name or SOFTWARE[1])


def parse_visit(service: Service, call: Call, site: SiteDetails | None = None) -> Visit:
    """Parse the request for a page. Raises ``invalid-parameters`` for an unknown language or invalid day."""
    query = query_parameters.split(call.query)
    # Forms send blank fields; these are ignored.
    pairs = [(name, value) for name, values in query.items() for value in values if value.strip()]
    langs = [_lang(value) for name, value in pairs if name == "lang"] or [_LANGS["zh"]]
    clocks = tuple(pair for pair in pairs if pair[0] in requested_view.CLOCKS)
    displays = [_display(value) for name, value in pairs if name == "display"]
    rest = tuple(pair for pair in pairs if pair[0] not in ("lang", "display", *requested_view.CLOCKS))
    view = query_parameters.parse_pairs(query_parameters.group(clocks), requested_view.CLOCKS_GRAMMAR).view
    requested_view.check_not_future(service, view)
    display: Display = displays[-1] if displays else ""
    return Visit(service, call, langs[-1], view, clocks, rest, site or SiteDetails(), display)


def parse_visit_leniently(service: Service, path: str, query: bytes) -> Visit:
    """Parse the request for an error page. The query may be invalid; then only its language is used."""
    call, site = Call({}, query, path), service.last_details.details
    try:
        return parse_visit(service, call, site)
    except ProblemError:
        lang = re.search(rb"(?:^|&)lang=(zh-Hant|en)(?:&|$)", query)
        return Visit(service, call, _LANGS[lang[1].decode()] if lang else "zh", site=site)


def _lang(value: str) -> PageLang:
    if value in _LANGS:
        return _LANGS[value]
    names = "、".join(_LANGS)
    raise query_parameters.bad_value("lang", f"应为{names}。", f"Should be one of {', '.join(_LANGS)}.")


def _display(value: str) -> Display:
    if value in _DISPLAYS:
        return _DISPLAYS[value]
    raise query_parameters.bad_value("display", "应为 large 或 contrast。", "Should be large or contrast.")
