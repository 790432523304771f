"""Records that a command names by their id, code or name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError

if TYPE_CHECKING:
    from publisher.log.log import Log
    from publisher.log.model import RecordState


_MOST = 1000
"""Most records with one code."""


def find_records(log: Log, dataset: str, name_or_id: str) -> tuple[RecordState, ...]:
    """Return the records with an id, a code or a name; a name may belong to several."""
    from publisher.log.model import LogError

    try:
        return (log.queries.record(dataset, name_or_id),)
    except LogError as error:
        if error.code != "no-such-record":
            raise
    states = _find_by_code(log, dataset, name_or_id) or log.queries.find_by_title(dataset, name_or_id)
    if not states:
        raise CommandError(
            "no-such-record",
            f"数据集 {dataset} 中没有名称、编码或标识为“{name_or_id}”的记录。可以用 qingdan search 查找。",
            f"The dataset {dataset} has no record with the name, code or id “{name_or_id}”. "
            "Try qingdan search.",
            exit_code=Exit.NOT_FOUND,
        )
    return states


def _find_by_code(log: Log, dataset: str, code: str) -> tuple[RecordState, ...]:
    """Return the records whose official code or document number this is."""
    from publisher.log.model import RecordQuery
    from publisher.log.predicate import AnyValue
    from schemas.cells.values import parse_value

    catalogue = log.queries.catalogue(dataset)
    leading = {names[0] for names in catalogue.identity}
    states: dict[str, RecordState] = {}
    for field in catalogue.fields:
        is_number = field.format == "document-number" and field.name in leading
        value = parse_value(field, code).value if is_number or field.format == "code" else None
        if field.personal or not isinstance(value, str):
            continue
        where = AnyValue(field.name, "=", (value,))
        # A record that has a current state is shown in that one, not in its future one.
        for statuses in (("current", "removed"), ("future",)):
            page = log.queries.records(
                dataset, RecordQuery(statuses=statuses, where=where, limit=_MOST, count=False)
            )
            states |= {state.id: state for state in page.records if state.id not in states}
    return tuple(states.values())


def find_one_id(log: Log, dataset: str, name_or_id: str) -> str:
    """Return the id of the only matching record. Raises ``CommandError`` if there is not exactly one."""
    states = find_records(log, dataset, name_or_id)
    if len(states) > 1:
        choices = "; ".join(f"{s.id} {s.title}" for s in states[:20])
        raise CommandError(
            "record-unclear",
            f"“{name_or_id}”对应{len(states)}条记录，请改用标识：{choices}",
            f"“{name_or_id}” means {len(states)} records; choose one by id: {choices}",
        )
    return states[0].id
