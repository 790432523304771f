"""Values of filters: one of a few, at most one, the datasets, the article."""

from __future__ import annotations

import re
from collections.abc import Iterable

from publisher.log.model import Dataset
from publisher.views.syndication.scope import TERMS
from publisher.web import query_parameters
from publisher.web.query_parameters import Parameters
from schemas.reference import administrative_divisions


def one_of[T: str](params: Parameters, name: str, values: tuple[T, ...]) -> tuple[T, ...]:
    """Return the values of a filter. Raises ``invalid-parameters`` for another one."""
    chosen = tuple(value for value in values if value in params.values_of(name))
    if len(chosen) < len(set(params.values_of(name))):
        names = "、".join(values)
        raise query_parameters.bad_value(name, f"应为{names}之一。", f"Should be one of {', '.join(values)}.")
    return chosen


def change_terms(params: Parameters, name: str) -> tuple[str, ...]:
    """Return the requested kinds and directions of changes. Raises ``invalid-parameters`` for another one."""
    for term in params.values_of(name):
        if term not in TERMS:
            near, every = query_parameters.nearest(term, TERMS), ", ".join(TERMS)
            raise query_parameters.bad_value(
                name, f"没有这种变化；有：{every}。", f"No such kind; there are: {every}.", near
            )
    return params.values_of(name)


def single(params: Parameters, name: str) -> str | None:
    """Return the value of a filter that has one. Raises ``invalid-parameters`` if it is given twice."""
    values = params.values_of(name)
    if len(values) > 1:
        raise query_parameters.bad_value(name, "只能有一个。", "May be given once only.")
    return values[0] if values else None


def dataset_names(
    params: Parameters, datasets: Iterable[Dataset], *, by_body: bool = False
) -> tuple[str, ...] | None:
    """List the datasets that the filters ``dataset`` and ``division`` select; None: all.

    A division includes those below it. ``by_body``: the filter ``body`` selects by publishing body too;
    elsewhere it is the body of a record.
    """
    names = params.values_of("dataset")
    divisions = set(map(administrative_divisions.shorten_code, params.values_of("division")))
    bodies = params.values_of("body") if by_body else ()
    if not (names or divisions or bodies):
        return None
    return tuple(
        one.name
        for one in datasets
        if (not names or one.name in names)
        and (not bodies or one.body in bodies)
        and (not divisions or not divisions.isdisjoint(_areas(one)))
    )


def _areas(dataset: Dataset) -> tuple[str, ...]:
    return administrative_divisions.list_ancestors(dataset.division) if dataset.division else ()


def article(params: Parameters) -> int | None:
    """Return the number of an article. Raises ``invalid-parameters``."""
    number = single(params, "article")
    if number is not None and re.fullmatch(r"[0-9]{1,4}", number) is None:
        raise query_parameters.bad_value(
            "article", "应为0到9999的整数。", "Should be a whole number from 0 to 9999."
        )
    return None if number is None else int(number)
