"""The steps of a record's limits, for its page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

import msgspec

from publisher.log.limits.limit_steps import LimitStep, limit_fields
from publisher.log.model import View
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.page_request import Visit
from schemas.cells.value_texts import format_limit
from schemas.definition.catalogue import Catalogue
from schemas.words import DIRECTIONS


class PrintedStep(msgspec.Struct, frozen=True):
    day: date
    text: str
    direction: str
    """Empty for the first limit, and if it does not compare with the last one."""
    term: str
    """The direction as a term: ``limit-shortened``."""
    address: str
    """Address of the release that brought it."""


class FieldSteps(msgspec.Struct, frozen=True):
    """A limit of the record and its steps, newest first."""

    title: str
    steps: Sequence[PrintedStep]


def of_record(
    visit: Visit, catalogue: Catalogue, dataset: str, record: str, pin: int | None
) -> Sequence[FieldSteps]:
    """List the limits of a record that changed. A limit that never did is among its fields."""
    fields = {field.name: field for field in limit_fields(catalogue)}
    if not fields:
        return ()
    view = View(release=pin) if pin else visit.view
    steps = visit.service.log.limits.steps(dataset, record, view)
    groups = [(name, list(own)) for name, own in groupby(steps, key=lambda step: step.field)]
    return [
        FieldSteps(visit.title_of(fields[name]), list(_print(visit, dataset, own)))
        for name, own in groups
        if name in fields and len(own) > 1
    ]


def _print(visit: Visit, dataset: str, steps: Sequence[LimitStep]) -> Iterable[PrintedStep]:
    for step in reversed(steps):
        if step.limit is not None:
            text = format_limit({"value": step.limit.value, "unit": step.limit.unit}, visit.text_lang)
        else:
            unread = visit.t("没有列明可识读的时限", "no limit that can be read")
            text = visit.t("移出清单", "removed from the list") if step.removed else unread
        term = step.comparison.direction if step.comparison else ""
        address = visit.url(f"/datasets/{dataset}/releases/{step.release}")
        yield PrintedStep(step.effective_from, text, labels.word_for(visit, DIRECTIONS, term), term, address)
