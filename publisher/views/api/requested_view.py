"""First steps of every handler: names from the path, the catalogue's grammar, the requested state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from urllib.parse import quote, urlencode

from msgspec import structs

from publisher.log.clocks import day_at, start_of
from publisher.log.model import View
from publisher.log.queries.record_query import AS_LISTED
from publisher.views.api.answers import common
from publisher.web import query_parameters
from publisher.web.conditional_requests import Validity
from publisher.web.page_cursor import Cursor, query_digest
from publisher.web.problems import ProblemError
from publisher.web.query_parameters import COMPARISONS, Grammar, Parameters
from publisher.web.route import Call
from publisher.web.service import Service
from publisher.web.view_parameters import view_parameters
from schemas.definition.catalogue import Catalogue, FieldType

CLOCKS = frozenset({"as_of", "known_at"})
VIEW = CLOCKS | {"release"}
PAGED = CLOCKS | {"limit", "cursor"}
"""Parameters of a list of the whole site, besides its filters."""
CLOCKS_GRAMMAR = Grammar(names=CLOCKS)
VIEW_GRAMMAR = Grammar(names=VIEW)
_NO_PARAMETERS = Grammar()
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_UNESCAPED = "%!$&'()*+,;=:@/?-._~"
"""Characters that a query contains unescaped (RFC 3986, section 3.4)."""
_RECORD = re.compile(r"[A-Za-z0-9_-]{1,64}")


def refuse_parameters(call: Call) -> None:
    """Raise ``invalid-parameters`` for a request with any parameter."""
    query_parameters.parse(call.query, _NO_PARAMETERS)


def dataset_name(call: Call) -> str:
    """Check the dataset's name. Raises ``no-such-dataset`` for an invalid name, before the log is read."""
    name = call.path["dataset"]
    if not _NAME.fullmatch(name):
        raise ProblemError("no-such-dataset")
    return name


def record_id(call: Call) -> str:
    record = call.path["record"]
    if not _RECORD.fullmatch(record):
        raise ProblemError("no-such-record")
    return record


def release_number(call: Call) -> int:
    number = call.path["number"]
    if not re.fullmatch(r"[1-9][0-9]{0,8}", number):
        raise ProblemError("no-such-release")
    return int(number)


def queryable_catalogue(service: Service, dataset: str, query: Mapping[str, list[str]]) -> Catalogue:
    """Return the catalogue of the requested state, with the fields that only the current one has.

    Titles and types are those of the state, so that a later migration does not change a response about it. A
    parameter may name a field that was added since: no content of the state has it.
    ``query``: parameters with their values. Raises ``no-such-dataset``, ``no-such-release``.
    """
    if service.has_migrated(dataset):
        names = {"release"} if "release" in query else CLOCKS  # pages keep the clocks beside a release
        clocks = {name: values for name, values in query.items() if name in names}
        with suppress(ProblemError):  # the whole query is parsed next, and says what is wrong
            view = query_parameters.parse_pairs(clocks, VIEW_GRAMMAR).view
            return service.log.queries.queryable_catalogue(dataset, view)
    return service.log.queries.catalogue(dataset)


@lru_cache(64)
def grammar(catalogue: Catalogue) -> Grammar:
    """Return the parameters of a list of this catalogue's records."""
    fields = [field for field in catalogue.fields if not field.personal]
    filters: dict[str, FieldType] = {field.name: field.type for field in fields}
    return Grammar(
        names=VIEW | {"sort", "fields", "limit", "cursor", "facets"},
        filters=filters | {"part": "string", "status": "string"},
        operators=COMPARISONS,
        fields=frozenset(filters),
        facets=frozenset({"part", *(field.name for field in fields if field.facet)}),
        sorts=frozenset({*filters, *dict(AS_LISTED)}),
    )


def validity(service: Service, dataset: str, view: View) -> Validity:
    """Return the validity of a view of a dataset: its newest release and, without a given day, today.

    Raises ``no-such-dataset``, ``no-such-release``, ``invalid-parameters`` for an instant in the future.
    """
    check_not_future(service, view)
    if view.release is not None:
        later = service.later_changes_key(dataset, view.release)
        return pinned_validity(service, dataset, view.release, *later)
    sequence, day = service.log.queries.validator(dataset)
    published = service.dataset_changed_at(dataset, sequence)
    if view.as_of is not None:
        return Validity((sequence,), published)
    return Validity((sequence, day), latest_modification(published, day))


def site_validity(service: Service, view: View, *tokens: object) -> Validity:
    """Return the validity of a response about the whole site in a view.

    ``tokens``: versions of data that is derived from releases some seconds later. With any, the time of the
    newest release does not decide whether the response is unchanged.
    """
    sequence, day = service.log.queries.validator()
    published = service.datasets_changed_at(sequence)
    if view.as_of is not None:
        return Validity((sequence, *tokens), published, decides=not tokens)
    return Validity((sequence, *tokens, day), latest_modification(published, day), decides=not tokens)


def begin_list(service: Service, params: Parameters, *name: object) -> tuple[str, Cursor | None]:
    """Return the digest of the query of a list, and the cursor, which has to contain it.

    ``name``: distinguishes the list from others. Raises ``invalid-parameters`` for an instant in the future,
    and ``invalid-cursor``.
    """
    check_not_future(service, params.view)
    digest = query_digest(*name, structs.replace(params, cursor=None, limit=0))
    return digest, service.cursors.decode_optional(params.cursor, digest)


def pinned_validity(service: Service, dataset: str, number: int, *tokens: object) -> Validity:
    """Return the validity of a response that only these tokens and an erasure can change.

    Caches that revalidate must learn of both changes. Neither has a recorded time, so the time of the
    dataset's newest release is used, which is not earlier. Raises ``no-such-dataset``, ``no-such-release``.
    """
    release = service.release(dataset, number)
    modified: datetime | None = release.published_at
    if release.erased or any(tokens):
        modified = service.dataset_changed_at(dataset, service.log.queries.sequence(dataset))
    first = service.first_checkpoint(release)
    return Validity(
        (release.hash, release.erased, *tokens),
        modified,
        pinned=True,
        checkpoint=first.note if first else "",
    )


def resolve_release(service: Service, dataset: str, view: View) -> View:
    """Replace a view's release by its day and instant: the same state, which is faster to query."""
    if view.release is None:
        return view
    release = service.release(dataset, view.release)
    return View(as_of=release.effective_on, known_at=release.published_at)


def day_of_view(service: Service, view: View) -> date:
    """Return the day of a view: ``as_of``, else the day of ``known_at``."""
    return view.as_of or day_at(view.known_at or service.clock())


def explicit_view(service: Service, name: str, view: View) -> View:
    """Make both clocks explicit. The defaults are today and the instant of the newest release."""
    if view.release is not None:
        return view
    sequence = service.log.queries.sequence(name)
    return View(
        as_of=day_of_view(service, view), known_at=view.known_at or service.dataset_changed_at(name, sequence)
    )


def check_not_future(service: Service, view: View) -> None:
    """Raise ``invalid-parameters`` for a ``known_at`` in the future: the response would change later."""
    if view.known_at is not None and view.known_at > service.clock():
        raise query_parameters.conflict(
            "known_at",
            "该时刻尚未到来；如需将来生效的内容，请用 as_of。",
            "That instant is still to come; for what takes effect later, use as_of.",
        )


def latest_modification(published: datetime | None, day: date) -> datetime | None:
    """Return the later of a publication and the day's beginning: changes take effect at midnight."""
    if published is None:
        return None
    return max(published, start_of(day))


def link_as_requested(service: Service, call: Call) -> str:
    """Return the requested address, from the site's base, with its query as it was written."""
    query = quote(call.query, safe=_UNESCAPED)
    return service.link(call.address) + (f"?{query}" if query else "")


def next_page(service: Service, call: Call, cursor: str | None) -> str | None:
    """Return the requested address with the cursor of another page; None at the end."""
    if cursor is None:
        return None
    others = [pair for pair in query_parameters.pairs(call.query) if pair[0] != "cursor"]
    return f"{service.link(call.address)}?{urlencode([*others, ('cursor', cursor)])}"


def page_links(service: Service, call: Call, dataset: str, cursor: str | None) -> common.PageLinks:
    own = link_as_requested(service, call)
    following = None
    if cursor is not None:
        is_first = b"cursor=" not in call.query  # the usual case, in which no address is built again
        joint = "&" if call.query else "?"
        following = f"{own}{joint}cursor={cursor}" if is_first else next_page(service, call, cursor)
    return common.PageLinks(self=own, next=following, dataset=service.link(f"/v1/datasets/{dataset}"))


@lru_cache(1024)
def view_query(view: View) -> str:
    """Return the query string that requests ``view``; empty for the present."""
    parameters = view_parameters(view)
    return f"?{urlencode(parameters)}" if parameters else ""
