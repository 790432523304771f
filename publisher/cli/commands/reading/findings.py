"""The ``check`` command: findings about published records."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click
from msgspec import structs

from publisher.cli.context import DAY, JSON, MOMENT, CommandContext, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.failures import CommandError
from publisher.cli.terminal.language import in_language
from schemas.words import SEVERITIES

if TYPE_CHECKING:
    from publisher.log.findings.finding_query import FindingPage, PublishedFinding
    from publisher.log.log import Log


@click.command()
@click.option("--dataset", default="", help="只看这个数据集 / Only this dataset.")
@click.option("--check", "code", default="", help="只看这项核对，如 basis-repealed / Only this check.")
@click.option("--part", default="", help="只看这个报送部门 / Only this part.")
@click.option(
    "--status",
    type=click.Choice(["open", "ended"]),
    default="open",
    show_default=True,
    help="仍在的，或已经结束的 / Those that hold, or that have ended.",
)
@click.option(
    "--handling",
    type=click.Choice(["unanswered", "answered", "dismissed"]),
    multiple=True,
    help="尚未回应、已回应或不成立的 / Those without an answer, with one, or dismissed.",
)
@click.option("--as-of", type=DAY, help="查询日期 / As in effect on that day.")
@click.option("--known-at", type=MOMENT, help="截至该时刻已发布的 / As published by that instant.")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, 100_000), help="条数 / How many."
)
@click.option("--rebuild", is_flag=True, help="重新核对全部记录 / Check every record again.")
@JSON
@with_context
def check(
    context: CommandContext,
    dataset: str,
    code: str,
    part: str,
    status: Any,
    handling: Any,
    as_of: date | None,
    known_at: datetime | None,
    limit: int,
    *,
    rebuild: bool,
    as_json: bool,
) -> None:
    """清单之间的待核问题 / What the lists say against one another, with the texts that show it."""
    from publisher.checks.all_checks import CHECKS_BY_CODE
    from publisher.log.findings.finding_query import FindingQuery
    from publisher.log.model import View

    if code and code not in CHECKS_BY_CODE:
        raise click.BadParameter(f"{code!r}: {', '.join(CHECKS_BY_CODE)}", param_hint="--check")
    query = FindingQuery(
        View(as_of=as_of, known_at=known_at),
        status,
        codes=(code,) if code else (),
        datasets=(dataset,) if dataset else None,
        parts=(part,) if part else (),
        handling=handling,
        limit=limit,
    )
    with context.log() as log:
        if dataset:
            log.datasets.get(dataset)
        _update(log, rebuild=rebuild)
        page = log.findings.page(query)
        has_statutes = any(one.catalogue == "statutes" for one in log.datasets.all())
    if as_json:
        output.print_json({"total": page.total, "findings": [_to_json(one) for one in page.findings]})
        return
    for finding in page.findings:
        _show(finding)
    _print_total(page, has_statutes=has_statutes)


def _update(log: Log, *, rebuild: bool) -> None:
    """Check what was published since the last time, unless the worker does it at this moment."""
    with log.outbox.lock() as is_locked:
        if rebuild and not is_locked:
            raise CommandError(
                "worker-busy",
                "工作进程正在核对或索引，请稍后重试。",
                "The worker is checking or indexing; retry in a moment.",
            )
        if rebuild:
            log.graph.rebuild()
            log.findings.rebuild()
            log.commitments.rebuild()
        elif is_locked:
            log.graph.update()
            log.findings.update()
            log.commitments.update()


def _show(published: PublishedFinding) -> None:
    one = published.finding
    output.print_line(f"{published.title}  [{published.dataset}/{published.record}]")
    output.print_line(f"    {in_language(one.message_zh, one.message_en)}")
    output.print_line(f"    {in_language(one.because_zh, one.because_en)}")
    words = in_language(*SEVERITIES[one.severity])
    output.print_line(f"    {one.code}, {words}, {published.effective_from}  {published.id}")
    for cite in one.cites:
        if cite.role.startswith("basis"):
            output.print_line(f"    {cite.field}: {' '.join(cite.text.split())}")
    for response in published.responses:
        head = f"{response.responded_on} {response.respondent} {response.kind}"
        output.print_line(f"    {head}{in_language('：', ': ')}{' '.join(response.text.split())}")
    if published.unanswered_days is not None:
        days = published.unanswered_days
        output.print_line(f"    {in_language(f'尚未回应，已{days}天', f'unanswered for {days} days')}")


def _print_total(page: FindingPage, *, has_statutes: bool) -> None:
    output.print_message(
        f"共{page.total}个待核问题，未经确认；请逐一核对原文。",
        f"{page.total} findings, unconfirmed: check each against its texts.",
    )
    if not has_statutes:
        output.print_message(
            "还没有法律法规清单，依据无从核对。请运行 qingdan statutes import。",
            "There is no list of statutes, so that bases cannot be checked. Run qingdan statutes import.",
        )


def _to_json(published: PublishedFinding) -> dict[str, Any]:
    one = published.finding
    return {
        "id": published.id,
        "check": one.code,
        "severity": one.severity,
        "status": published.status,
        "dataset": published.dataset,
        "record": published.record,
        "title": published.title,
        "part": published.part,
        "message": {"zh": one.message_zh, "en": one.message_en},
        "because": {"zh": one.because_zh, "en": one.because_en},
        "effective_from": published.effective_from,
        "effective_to": published.effective_to,
        "known_from": published.known_from,
        "known_to": published.known_to,
        "opened_by": None if published.opened is None else structs.asdict(published.opened),
        "ended_by": None if published.ended is None else structs.asdict(published.ended),
        "cites": [structs.asdict(cite) for cite in one.cites],
        "handling": published.handling,
        "unanswered_days": published.unanswered_days,
        "responses": [
            structs.asdict(response) | {"cited": sorted(response.cited)} for response in published.responses
        ],
    }


COMMANDS: tuple[click.Command, ...] = (check,)
