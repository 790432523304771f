"""The scope of a feed: everything, a dataset, kinds of change, or the results of a search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

import msgspec

from feeds.change import FEED_KINDS
from feeds.feed import Link
from feeds.value_direction import DIRECTION_TERMS
from publisher.log.model import ChangeKind, View
from publisher.views.syndication.formats import FEED_FORMATS
from publisher.web.view_parameters import view_parameters
from schemas import words

type Form = str
"""The suffix of a feed's address: a key of :data:`.FEED_FORMATS`."""

ALL = "all"
"""Replaces a dataset's name in the address: the changes of every dataset."""
SEARCH = "search"
"""Replaces a dataset's name in the address: changes of the records that a search finds."""

LISTED_FACETS = ("body", "division", "type", "topic")
"""Facets with one listed feed per value. The hub is notified of these feeds."""

TERMS: dict[str, str] = {kind: words.KINDS[kind].zh for kind in FEED_KINDS} | {
    direction: words.DIRECTIONS[direction].zh for direction in DIRECTION_TERMS
}
"""Kinds of change that a request may name → their titles. Directions are additional kinds."""


class Scope(msgspec.Struct, frozen=True):
    """Selection of a feed's changes. Two scopes of the same changes are equal and have one address.

    Subscriptions store it as JSON, so its fields keep their names.
    """

    dataset: str | None = None
    """None: every dataset."""
    kinds: tuple[str, ...] = ()
    """Keys of :data:`TERMS`, sorted; empty means all."""
    text: str = ""
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Facet → values of the search request, sorted."""
    view: View = msgspec.field(default_factory=View)
    """The requested state. Unlike in other views, a clock that is None does not restrict the changes."""
    seen: View = msgspec.field(default_factory=View)
    """The same state with a release replaced by its day and instant: only changes in effect by the day and
    published by the instant."""

    record: str = ""
    """Id of the only record; empty: any."""

    def covers_erasure(self, dataset: str, record: str) -> bool:
        """Report whether the erasure of a record is in the scope.

        The erased content is not available, so that only the dataset and the record narrow it.
        """
        return self.dataset in (None, dataset) and self.record in ("", record)

    @property
    def needs_search(self) -> bool:
        """Report whether the scope needs the search engine."""
        return bool(self.text or self.filters)

    @property
    def sent_to_hub(self) -> bool:
        """Report whether the hub is notified of this feed: the feeds that follow from a release's changes.

        Free searches and combined filters cannot be listed, so the hub is not notified of them.
        """
        if self.view != View() or self.text or self.record:
            return False
        if not self.filters:
            return len(self.kinds) <= 1
        (name, values), *more = self.filters
        return not (more or self.kinds) and name in LISTED_FACETS and len(values) == 1

    @property
    def slug(self) -> str:
        return SEARCH if self.needs_search else self.dataset or ALL

    @property
    def logged_kinds(self) -> tuple[ChangeKind, ...]:
        """Return the log's kinds of change that include all requested kinds."""
        kinds = set(self.kinds)
        if kinds & set(DIRECTION_TERMS):
            kinds |= {"changed", "renamed"}
        return tuple(kind for kind in FEED_KINDS if kind in kinds)

    def query(self, **more: str) -> str:
        """Return the query string with its ``?``; empty if only the dataset is restricted."""
        pairs = [("q", self.text)] if self.text else []
        pairs += [(name, value) for name, values in self.filters for value in values]
        pairs += [("change", kind) for kind in self.kinds]
        pairs += [("record", self.record)] if self.record else []
        pairs += view_parameters(self.view).items()
        pairs += more.items()
        return f"?{urlencode(pairs)}" if pairs else ""

    def path(self, form: Form, **more: str) -> str:
        return f"/feeds/{self.slug}.{form}{self.query(**more)}"

    def alternates(self, base: str, title: str) -> tuple[Link, ...]:
        """Return links to the feed in each format, for the head of a page."""
        return tuple(
            Link(base + self.path(form), "alternate", one.media_type, f"{title}（{one.title}）")
            for form, one in FEED_FORMATS.items()
        )


decode_scope = msgspec.json.Decoder(Scope).decode
"""Decodes the scope of a subscription."""


def make_scope(
    *,
    dataset: str | None = None,
    kinds: Iterable[str] = (),
    text: str = "",
    filters: Mapping[str, Iterable[str]] | None = None,
    view: View = View(),  # noqa: B008 - frozen
    seen: View | None = None,
    record: str = "",
) -> Scope:
    """Normalise a scope: values are sorted and unique."""
    requested_kinds = set(kinds)
    return Scope(
        dataset,
        tuple(term for term in TERMS if term in requested_kinds),
        text.strip(),
        tuple(sorted((name, tuple(sorted(set(values)))) for name, values in (filters or {}).items())),
        view,
        seen or view,
        record,
    )
