"""Items of a dataset's collection: the features of one state of the log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import structs

from publisher.log import predicate as p
from publisher.log.model import Dataset, RecordQuery, View
from publisher.views.api import requested_view
from publisher.views.ogc import collections, geojson, parameters
from publisher.views.ogc.cql2 import filter_parameter
from publisher.views.ogc.cql2.queryables import catalogue_queryables
from publisher.views.ogc.errors import OgcError, invalid, not_found
from publisher.views.ogc.item_source import Items, ItemSource, Window
from publisher.views.ogc.parameters import ITEMS, VIEW, Parameters
from publisher.views.ogc.site import Geo
from publisher.web import page_cursor
from publisher.web.problems import ProblemError
from publisher.web.view_parameters import view_parameters
from schemas.cells.formula_guard import is_numeric
from schemas.definition.catalogue import Catalogue

_NOT_IN_DIGEST = frozenset({"cursor", "offset", "limit", "f", "lang", "as_of", "known_at"})


class ItemQuery(msgspec.Struct, frozen=True):
    """Validated query on a dataset's items."""

    dataset: Dataset
    catalogue: Catalogue
    params: Parameters
    view: View
    during: tuple[date | None, date | None] | None
    where: p.Predicate | None
    query_digest: str
    cursor: page_cursor.Cursor | None


def first_view(view: View, during: tuple[date | None, date | None] | None) -> View:
    """Return the requested state, or the earliest one of an interval."""
    return view if during is None else structs.replace(view, as_of=during[0] or date.min)


def queryable_catalogue(geo: Geo, dataset: str, query: bytes) -> Catalogue:
    """Return the catalogue of the requested state as :func:`.requested_view.queryable_catalogue`."""
    if geo.service.has_migrated(dataset):
        with suppress(OgcError):  # the whole query is parsed next, and says what is wrong
            values = parameters.pairs(query)
            view = first_view(parameters.view(values), parameters.during(values.get("datetime")))
            return geo.service.log.queries.queryable_catalogue(dataset, view)
    return geo.catalogue(dataset)


@lru_cache(64)
def filterable(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the properties that can be filtered by a parameter of the same name.

    Parameters of the standard have precedence over properties.
    """
    reserved = ITEMS | VIEW | parameters.COMMON
    return tuple(name for name in collections.queryables(catalogue, "zh") if name not in reserved)


def allowed_parameters(catalogue: Catalogue) -> Collection[str]:
    return {*ITEMS, *VIEW, *filterable(catalogue)}


def parse_item_query(
    cursors: page_cursor.CursorCodec, dataset: Dataset, catalogue: Catalogue, params: Parameters
) -> ItemQuery:
    """Validate the parameters of a request. Raises :class:`OgcError` (400)."""
    values = params.values
    during = parameters.during(values.get("datetime"))
    view = parameters.view(values)
    if during is not None and (view.as_of is not None or view.release is not None):
        raise invalid("datetime", "不能与 as_of、release 同用。", "does not go with as_of or release.")
    conditions = [_equal(catalogue, name, values[name]) for name in filterable(catalogue) if name in values]
    box = parameters.bbox(values.get("bbox"))
    if box is not None and geojson.has_places(catalogue):
        conditions.append(geojson.within(box))
    if (condition := filter_parameter.parse_filter(values, catalogue_queryables(catalogue))) is not None:
        conditions.append(condition)
    query_digest = page_cursor.query_digest(
        "ogc", dataset.name, sorted((k, v) for k, v in values.items() if k not in _NOT_IN_DIGEST)
    )
    return ItemQuery(
        dataset,
        catalogue,
        params,
        view,
        during,
        p.And(tuple(conditions)) if conditions else None,
        query_digest,
        _cursor(cursors, values.get("cursor"), query_digest, sort=values.get("sortby")),
    )


def narrow_to_records(item_query: ItemQuery, records: Sequence[str]) -> ItemQuery:
    """Restrict a query to the records that contain the words of ``q``."""
    others = (item_query.where,) if item_query.where is not None else ()
    return structs.replace(item_query, where=p.And((p.RecordIds(tuple(records)), *others)))


def _cursor(
    cursors: page_cursor.CursorCodec, text: str | None, query_digest: str, *, sort: str | None
) -> page_cursor.Cursor | None:
    if text is None:
        return None
    try:
        cursor = cursors.decode(text, query_digest)
    except ProblemError as error:
        raise invalid("cursor", error.zh, error.en) from error
    match cursor.after:
        case (str(), int()) if sort is None and cursor.total >= 0:
            return cursor
    raise invalid("cursor", "不属于本次查询。", "belongs to another query.")


def _equal(catalogue: Catalogue, name: str, text: str) -> p.Predicate:
    """Build the condition of a parameter named after a property. Raises :class:`OgcError` (400)."""
    kind = p.comparison_kind(catalogue, name)
    value: p.Scalar = text
    try:
        match kind:
            case "list":
                return p.ListContains(name, (text,))
            case "number":
                value = float(text)
                if not abs(value) < 1e300:
                    raise ValueError(text)
            case "boolean":
                value = {"true": True, "false": False}[text]
            case "day":
                value = date.fromisoformat(text).isoformat()
    except (ValueError, KeyError):
        shape = collections.queryables(catalogue, "zh")[name]
        expected = shape.get("format", shape["type"])
        raise invalid(name, f"应为 {expected}。", f"should be {expected}.") from None
    return p.Comparison(name, "=", value)


def make_source(geo: Geo, item_query: ItemQuery) -> ItemSource:
    fields = collections.schema(item_query.catalogue, item_query.params.language)
    return ItemSource(
        fields=fields,
        query=lambda window: _page(geo, item_query, window),
        get=lambda identifier: get_feature(
            geo, item_query.dataset.name, item_query.catalogue, identifier, item_query.view
        ),
        numeric=frozenset(field.name for field in item_query.catalogue.fields if is_numeric(field)),
    )


def _page(geo: Geo, item_query: ItemQuery, window: Window) -> Items:
    view = requested_view.explicit_view(geo.service, item_query.dataset.name, item_query.view)
    cursor = item_query.cursor
    page = geo.service.log.queries.raw_records(
        item_query.dataset.name,
        RecordQuery(
            view=view,
            during=item_query.during,
            where=item_query.where,
            sort=window.sort,
            limit=window.limit,
            offset=window.offset,
            after=None if cursor is None else (str(cursor.after[0]), int(cursor.after[1] or 0)),
            count=cursor is None,
        ),
    )
    matched = cursor.total if cursor is not None else page.total or 0
    more = None
    if page.after is not None:
        more = {"offset": str(window.offset + len(page.records)), **_pin_parameters(view, item_query)}
        if not window.sort:
            more["cursor"] = geo.service.cursors.encode(
                page_cursor.Cursor(item_query.query_digest, page.after, matched)
            )
    write = geojson.make_writer(item_query.catalogue, window.properties, geometry=window.geometry)
    return Items(tuple(map(write, page.records)), matched, more)


def get_feature(geo: Geo, dataset: str, catalogue: Catalogue, identifier: str, view: View) -> msgspec.Raw:
    """Get one feature. Raises :class:`OgcError`: 404, or 410 if the record was withdrawn or erased."""
    log = geo.service.log
    match = log.queries.raw_record(dataset, identifier, view)
    if match is not None:
        return geojson.make_writer(catalogue)(match)
    if log.queries.record(dataset, identifier, view).status in ("withdrawn", "erased"):
        raise OgcError(410, "Gone", "记录已撤回公布或依法删除。", "The record was withdrawn or erased.")
    raise not_found("该日没有这条记录。", "The record is not in effect on that day.")


def _pin_parameters(view: View, item_query: ItemQuery) -> dict[str, str]:
    """Return the parameters that fix the state in the link to the next page."""
    if view.release is not None:
        return {}
    pins = view_parameters(view)
    if item_query.during is not None:  # the link repeats the parameter ``datetime``
        pins.pop("as_of", None)
    return pins


def envelope(items: Items) -> dict[str, Any]:
    """Build a collection document without its links and features, in pygeoapi's form."""
    return {
        "type": "FeatureCollection",
        "numberMatched": items.matched,
        "numberReturned": len(items.features),
    }
