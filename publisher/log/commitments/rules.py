"""Evidence rules of commitments, as records of the catalogue ``commitment-evidence`` state them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

from publisher.log.clocks import ordinal
from schemas.cells.deadlines import parse_deadline
from schemas.definition.catalogue import Content

COMMITMENTS, STATEMENTS, EVIDENCE = "commitments", "commitment-statements", "commitment-evidence"
"""Catalogues of what a plan promised, of what offices say about it, and of what shows that it was done."""

type Condition = Literal["发布", "条目数", "文件", "时限压缩", "问题整改", "链接"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition.__value__)

_WEB = ("https://", "http://")


class Rule(msgspec.Struct, frozen=True):
    """A condition on what is published. Blank texts restrict nothing."""

    condition: Condition
    source: str = ""
    """Name of a dataset."""
    catalogue: str = ""
    """Instead of a dataset, every dataset of a catalogue."""
    contains: str = ""
    """Text in the title of a record."""
    least: int = 1
    """Number of releases or records that have to meet the condition at the same time."""
    basis: str = ""
    """Document number that a release names as its basis."""
    not_before: int = 1
    """Ordinal of the first day on which the condition may begin to hold."""
    finding: str = ""
    """Id of the finding that has to end."""
    held_on: int | None = None
    """Ordinal of the day on which a link shows the commitment done."""


def read_rule(content: Content) -> Rule | None:
    """Read the rule of a record; None if its condition is of a later version of the catalogue."""
    condition = content.get("condition")
    if condition not in CONDITIONS:
        return None
    least = content.get("least")
    return Rule(
        condition=condition,
        **{
            name: str(content.get(name, ""))
            for name in ("source", "catalogue", "contains", "basis", "finding")
        },
        least=least if isinstance(least, int) and least > 0 else 1,
        not_before=_ordinal(content.get("not_before")) or 1,
        held_on=_ordinal(content.get("held_on")),
    )


def _ordinal(value: object) -> int | None:
    return ordinal(value) if isinstance(value, str) else None


def due_day(content: Content) -> int | None:
    """Return the ordinal of the last day of a commitment's deadline; None if it states none."""
    deadline = parse_deadline(str(content.get("deadline", "")))
    return deadline.last.toordinal() if deadline else _ordinal(content.get("due_on"))


type TaskKey = tuple[str, str]
"""Plan and task: by these a statement or a rule names its commitment."""


def task_key(content: Content) -> TaskKey:
    return str(content.get("plan", "")), str(content.get("task", ""))


def concerns(content: Content, commitment: Content) -> bool:
    """Test whether a statement or a rule is about a commitment with the same :func:`task_key`.

    One that names no clause is about every commitment of its plan with this text.
    """
    return content.get("clause") in (None, commitment.get("clause"))


def concerns_any(content: Content, states: Iterable[Content]) -> bool:
    """Test whether a statement or a rule is about a commitment that had one of these contents.

    A text that was corrected keeps what was said about it before, and what names it by the new text.
    """
    return any(task_key(content) == task_key(one) and concerns(content, one) for one in states)


def web_links(value: object) -> tuple[tuple[str, str], ...]:
    """Return name and address of each file of a field; an address that is not of the web is blank."""
    files = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    links = ((str(one.get("name", "")), str(one.get("url", ""))) for one in files)
    return tuple((name, url if url.startswith(_WEB) else "") for name, url in links)
