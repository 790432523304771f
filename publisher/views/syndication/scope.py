"""What a feed is of: everything, a dataset, kinds of change, or whatever a search finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from feeds.change import KINDS
from feeds.fee_direction import CHARGES
from feeds.feed import Link
from publisher.log.model import ChangeKind, View
from publisher.views.syndication.formats import FORMATS
from schemas import words

type Form = str
"""The suffix of a feed's address."""

FORMS: Mapping[Form, str] = {name: feed_format.media_type for name, feed_format in FORMATS.items()}
TITLES: Mapping[Form, str] = {name: feed_format.title for name, feed_format in FORMATS.items()}

ALL = "all"
"""In place of a dataset's name: the changes of every dataset."""
SEARCH = "search"
"""In place of a dataset's name: whatever a search finds."""

FILED = ("body", "division", "type", "topic")
"""Facets whose values have a feed each that is listed, and that a hub is told of."""

TERMS: dict[str, str] = {kind: words.KINDS[kind].zh for kind in KINDS} | dict(CHARGES.items())
"""Kinds of change that may be asked for → their names; what a charge did is a kind of its own."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Two scopes of the same changes are equal and have one address."""

    dataset: str | None = None
    """None: every dataset."""
    kinds: tuple[str, ...] = ()
    """Of :data:`TERMS`, sorted; empty is any."""
    text: str = ""
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Facet → values, as search takes them, sorted."""
    view: View = field(default_factory=View)
    """As it was asked for; None is any."""
    seen: View = field(default_factory=View)
    """The same with a release told as both clocks: only what had taken effect by the day and was published
    by the instant."""

    @property
    def searched(self) -> bool:
        """Whether the search engine must be asked."""
        return bool(self.text or self.filters)

    @property
    def told(self) -> bool:
        """Whether a hub is told of its changes: of those feeds that a release's own changes lead to.

        What anybody may type (a search, filters put together) nobody can list, so no hub hears of it.
        """
        if self.view != View() or self.text:
            return False
        if not self.filters:
            return len(self.kinds) <= 1
        (name, values), *more = self.filters
        return not (more or self.kinds) and name in FILED and len(values) == 1

    @property
    def slug(self) -> str:
        return SEARCH if self.searched else self.dataset or ALL

    @property
    def logged(self) -> tuple[ChangeKind, ...]:
        """The kinds in the log that hold all that is asked for."""
        held = set(self.kinds)
        if held & set(CHARGES):
            held |= {"changed", "renamed"}
        return tuple(kind for kind in KINDS if kind in held)

    def query(self, **more: str) -> str:
        """With the ``?``; empty where nothing is asked but the dataset."""
        pairs = [("q", self.text)] if self.text else []
        pairs += [(name, value) for name, values in self.filters for value in values]
        pairs += [("change", kind) for kind in self.kinds]
        view = self.view
        if view.as_of is not None:
            pairs.append(("as_of", view.as_of.isoformat()))
        if view.known_at is not None:
            pairs.append(("known_at", view.known_at.isoformat().replace("+00:00", "Z")))
        if view.release is not None:
            pairs.append(("release", str(view.release)))
        pairs += more.items()
        return f"?{urlencode(pairs)}" if pairs else ""

    def path(self, form: Form, **more: str) -> str:
        return f"/feeds/{self.slug}.{form}{self.query(**more)}"

    def alternates(self, base: str, title: str) -> tuple[Link, ...]:
        """The feed in each format: what a page names in its head, and the formats one another."""
        return tuple(
            Link(base + self.path(form), "alternate", media, f"{title}（{TITLES[form]}）")
            for form, media in FORMS.items()
        )


def scope(
    *,
    dataset: str | None = None,
    kinds: Iterable[str] = (),
    text: str = "",
    filters: Mapping[str, Iterable[str]] | None = None,
    view: View = View(),  # noqa: B008 - frozen
    seen: View | None = None,
) -> Scope:
    """A scope in its one writing: values sorted and each once."""
    wanted = set(kinds)
    return Scope(
        dataset,
        tuple(term for term in TERMS if term in wanted),
        text.strip(),
        tuple(sorted((name, tuple(sorted(set(values)))) for name, values in (filters or {}).items())),
        view,
        seen or view,
    )
