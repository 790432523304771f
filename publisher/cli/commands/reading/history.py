"""Commands that read the log: releases, changes, a record and its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

import click
from msgspec import structs

from publisher.cli.context import DAY, JSON, MOMENT, NUMBER, CommandContext, with_context
from publisher.cli.find_record import find_records
from publisher.cli.terminal import change_lines, output
from publisher.cli.terminal.language import in_language
from schemas.words import STATUSES

if TYPE_CHECKING:
    from publisher.log.log import Log
    from publisher.log.model import Change, RecordState, View
    from schemas.definition.catalogue import Catalogue


@click.command()
@click.argument("dataset")
@JSON
@with_context
def releases(context: CommandContext, dataset: str, *, as_json: bool) -> None:
    """一个数据集的历次发布 / The releases of a dataset."""
    with context.log(read_only=True) as log:
        release_list = log.queries.releases(dataset)
    if as_json:
        output.print_json([structs.asdict(one) for one in release_list])
        return
    rows = [
        [
            r.number,
            r.effective_on,
            r.published_at.isoformat(timespec="seconds"),
            r.basis,
            change_lines.format_counts(r.counts),
            r.counts.get("records", ""),
            r.note,
        ]
        for r in release_list
    ]
    output.print_table(
        [
            "次 no.",
            "生效 effective",
            "发布 published",
            "依据 basis",
            "变化 changes",
            "记录 records",
            "说明 note",
        ],
        rows,
    )


@click.command()
@click.argument("dataset", required=False)
@click.option("--release", type=NUMBER, help="只看这一次发布 / Only this release.")
@click.option("--after", type=click.IntRange(0, 2**63 - 1), help="此序号之后的 / After this sequence number.")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, 100_000), help="条数 / How many."
)
@JSON
@with_context
def changes(
    context: CommandContext,
    dataset: str | None,
    release: int | None,
    after: int | None,
    limit: int,
    *,
    as_json: bool,
) -> None:
    """变化记录，由新到旧 / Changes, newest first (with --after: oldest first)."""
    if release is not None and dataset is None:
        raise click.UsageError("--release 须指明数据集 / --release needs a dataset")
    with context.log(read_only=True) as log:
        if dataset is not None:
            log.datasets.get(dataset)
        if dataset is not None and release is not None:
            log.queries.release(dataset, release)
        change_list = log.queries.changes(
            dataset=dataset, after=after or 0, limit=limit + 1, descending=after is None, release=release
        )
        change_list, has_more = change_list[:limit], len(change_list) > limit
        catalogues = _catalogues(log, change_list)
    if has_more:
        output.print_limit(limit)
    if as_json:
        output.print_json([structs.asdict(one) for one in change_list])
        return
    for change in change_list:
        change_lines.show_change(change, catalogues[change.dataset, change.release])


def _catalogues(log: Log, changes: Iterable[Change]) -> Mapping[tuple[str, int], Catalogue]:
    """Map dataset and number of a release to the catalogue for its changes."""
    releases = {(change.dataset, change.release) for change in changes}
    return {one: log.queries.catalogue_of_changes(*one) for one in releases}


@click.command()
@click.argument("dataset")
@click.argument("record", metavar="NAME|ID")
@JSON
@with_context
def history(context: CommandContext, dataset: str, record: str, *, as_json: bool) -> None:
    """一条记录的历次变化，按名称、编码或标识 / The history of a record, by name, code or id."""
    with context.log(read_only=True) as log:
        histories = [
            (state, log.queries.history(dataset, state.id)) for state in find_records(log, dataset, record)
        ]
        catalogues = _catalogues(log, (change for _, own in histories for change in own))
    if as_json:
        output.print_json(
            [
                {
                    "id": s.id,
                    "title": s.title,
                    "status": s.status,
                    "changes": [structs.asdict(c) for c in changes],
                }
                for s, changes in histories
            ]
        )
        return
    for state, changes in histories:
        output.print_line(f"{state.title}  [{state.id}]  {in_language(*STATUSES[state.status])}")
        for change in changes:
            change_lines.show_change(change, catalogues[change.dataset, change.release])


@click.command()
@click.argument("dataset")
@click.argument("record", metavar="NAME|ID")
@click.option("--as-of", type=DAY, help="查询日期 / As in effect on that day.")
@click.option("--known-at", type=MOMENT, help="截至该时刻已发布的 / As published by that instant.")
@click.option("--release", type=NUMBER, help="按第几次发布 / As of this release.")
@JSON
@with_context
def show(
    context: CommandContext,
    dataset: str,
    record: str,
    as_of: date | None,
    known_at: datetime | None,
    release: int | None,
    *,
    as_json: bool,
) -> None:
    """一条记录，按名称、编码或标识 / One record, by name, code or id."""
    from publisher.log.model import View

    if release is not None and (as_of or known_at):
        raise click.UsageError("--release 已固定日期和时刻，不能与其他二者同用 / --release pins both clocks")
    view = View(as_of=as_of, known_at=known_at, release=release)
    with context.log(read_only=True) as log:
        records = find_records(log, dataset, record)
        states = list(_states_in(log, view, records)) or [log.queries.record(dataset, records[0].id, view)]
        catalogue = log.queries.catalogue_in_view(dataset, view)
    if as_json:
        output.print_json(states)
        return
    for state in states:
        _show(state, catalogue)


def _states_in(log: Log, view: View, records: Iterable[RecordState]) -> Iterator[RecordState]:
    """Yield the states of those records that the view has: of two with one name it may have one."""
    from publisher.log.model import LogError

    for record in records:
        try:
            yield log.queries.record(record.dataset, record.id, view)
        except LogError as error:
            if error.code != "no-such-record":
                raise


def _show(state: RecordState, catalogue: Catalogue) -> None:
    output.print_line(f"{state.title}  [{state.id}]  {in_language(*STATUSES[state.status])}")
    output.print_pairs(
        [("报送部门 part", state.part), ("起 from", state.effective_from), ("止 to", state.effective_to)]
    )
    output.print_pairs([("理由 reason", state.reason), ("发布 release", state.release)])
    for field in catalogue.fields:
        if field.name in state.content:
            text = change_lines.format_field(catalogue, field.name, state.content[field.name])
            output.print_line(f"{field.title} {field.name}: {text}")
            if field.name in state.originals:
                output.print_line(f"    原文 as found: {' '.join(state.originals[field.name].split())}")


COMMANDS: tuple[click.Command, ...] = (releases, changes, history, show)
