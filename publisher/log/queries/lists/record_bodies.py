"""The bodies that are responsible for records: those that a record names, else that of its dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_

from publisher.log.database import tables as t
from publisher.log.database.storable_text import storable


def in_fields(fields: Mapping[int, Iterable[str]], dataset: ColumnElement[int]) -> ColumnElement[bool]:
    """Condition of the values of a record in fields. ``fields``: key of a dataset → names of its fields.

    ``dataset``: of the record, in the table from which the query comes to its values. By the column of the
    values themselves SQLite reads all values of a field again for each record.
    """
    datasets: dict[str, list[int]] = {}
    for key, names in fields.items():
        for name in names:
            datasets.setdefault(name, []).append(key)
    of_field = (and_(t.value.c.field == name, dataset.in_(keys)) for name, keys in datasets.items())
    return or_(false(), *of_field)


def of_bodies(
    bodies: Sequence[str],
    own_bodies: Select[Any],
    dataset: ColumnElement[int],
    publishing_bodies: Mapping[int, str],
) -> ColumnElement[bool]:
    """Condition of the records of which one of the bodies is responsible.

    ``own_bodies``: values that name the bodies of a record; ``dataset``: key of its dataset;
    ``publishing_bodies``: key of a dataset → its publishing body.
    """
    texts = tuple(map(storable, bodies))
    by_dataset = [key for key, body in publishing_bodies.items() if body in texts]
    names_body = own_bodies.where(t.value.c.text.in_(texts)).exists()
    return or_(names_body, and_(dataset.in_(by_dataset), ~own_bodies.exists()))


def count_by_body(
    by_own_body: Iterable[tuple[str, int]],
    by_dataset: Iterable[tuple[int, int]],
    publishing_bodies: Mapping[int, str],
) -> Mapping[str, int]:
    """Count records by responsible body.

    ``by_own_body``: bodies that records name, with the numbers of these records; ``by_dataset``: keys of
    datasets, with the numbers of their records that name no body.
    """
    counts = Counter(dict(by_own_body))
    for dataset, number in by_dataset:
        if body := publishing_bodies[dataset]:
            counts[body] += number
    return counts
