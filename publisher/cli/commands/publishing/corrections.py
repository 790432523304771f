"""Commands about corrections: what readers asked for with the form, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from msgspec import structs

from publisher.cli.context import JSON, NUMBER, CommandContext, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError

if TYPE_CHECKING:
    from publisher.inbox.correction import Request
    from publisher.inbox.inbox import Inbox

STATES = {"open": "待处理 open", "accepted": "已采纳 accepted", "rejected": "未采纳 rejected"}
_ID = click.argument("correction", metavar="ID")


@click.group()
def corrections() -> None:
    """公众提出的纠错 / Corrections that readers ask for with the form on each record's page."""


@corrections.command("key")
@with_context
def key_(context: CommandContext) -> None:
    """启用纠错，或更换封存联系方式的密钥 / Turn the form on, or replace the key that seals contacts."""
    from publisher.inbox.inbox import Inbox

    with context.log(read_only=True):  # there has to be a site
        settings = context.settings
        key = Inbox.create(settings.database, settings.inbox, context.seal_keys())
    output.print_message(
        f"已建立密钥 {key}。请备份 keys 文件夹，并重新启动 qingdan serve。",
        f"Created the key {key}. Back up the folder keys, and restart qingdan serve.",
    )


@corrections.command("list")
@click.option("--all", "with_decided", is_flag=True, help="包括已处理的 / Decided ones too.")
@JSON
@with_context
def list_(context: CommandContext, *, with_decided: bool, as_json: bool) -> None:
    """列出待处理的纠错，等候最久的在前 / List what waits for a decision, the oldest first."""
    with _inbox(context) as inbox:
        requests = inbox.list(None if with_decided else "open")
    if as_json:
        output.print_json([_request_to_json(request) for request in requests])
        return
    output.print_table(
        [
            "编号 id",
            "收到 received",
            "数据集 dataset",
            "记录 record",
            "字段 field",
            "应为 value",
            "状态 state",
        ],
        [
            [r.id, f"{r.received_at:%Y-%m-%d}", r.dataset, r.record, r.field, r.value, STATES[r.state]]
            for r in requests
        ],
    )


@corrections.command()
@_ID
@JSON
@with_context
def show(context: CommandContext, correction: str, *, as_json: bool) -> None:
    """显示一件纠错，包括依据和联系方式 / Show one with its proofs, and its contacts unsealed."""
    with _inbox(context) as inbox:
        _show(inbox.get(correction), as_json=as_json)


@corrections.command()
@_ID
@click.option(
    "--outcome", required=True, help="处理结果，将向社会公布 / What was done; it will be published."
)
@click.option("--release", type=NUMBER, help="更正它的发布的编号 / Number of the release that fixes it.")
@click.option(
    "--proof", help="公布的依据，默认为来件所写 / Proof to publish; by default the readers' own words."
)
@JSON
@with_context
def accept(
    context: CommandContext,
    correction: str,
    *,
    outcome: str,
    release: int | None,
    proof: str | None,
    as_json: bool,
) -> None:
    """采纳，记录本身不变；可再次运行以补充 / Accept it. The record stays: correct and publish as usual."""
    from publisher.inbox.correction import proof_to_publish
    from publisher.workflow.personal_texts import refuse_personal

    with _inbox(context) as inbox, context.log(read_only=True) as log:
        request = inbox.get(correction, with_contacts=False)
        if release is not None:
            log.queries.release(request.dataset, release)
        refuse_personal(request.value, outcome, proof_to_publish(request, proof))
        request = inbox.accept(correction, outcome=outcome, proof=proof, release=release)
    if not as_json:
        output.print_message("已采纳，即日起公布。", "Accepted; it is public from now on.")
    _show(request, as_json=as_json)


@corrections.command()
@_ID
@click.option("--reason", required=True, help="理由，只告知来件人 / Why; only the sender reads it.")
@JSON
@with_context
def reject(context: CommandContext, correction: str, *, reason: str, as_json: bool) -> None:
    """不予采纳，内容不公布 / Reject it; nothing of it becomes public."""
    with _inbox(context) as inbox:
        request = inbox.reject(correction, reason=reason)
    if not as_json:
        output.print_message("未采纳。来件人可在回执上看到理由。", "Rejected. The sender's receipt says why.")
    _show(request, as_json=as_json)


def _show(request: Request, *, as_json: bool) -> None:
    if as_json:
        output.print_json(_request_to_json(request))
        return
    output.print_pairs(
        [
            ("编号 id", request.id),
            ("状态 state", STATES[request.state]),
            ("收到 received", request.received_at.isoformat(timespec="seconds")),
            ("数据集 dataset", request.dataset),
            ("记录 record", request.record),
            ("字段 field", request.field),
            ("应为 value", request.value),
        ]
    )
    for statement in request.statements:
        contact = statement.contact or statement.unreadable
        output.print_pairs([("依据 proof", statement.proof), ("联系方式 contact", contact)])
    output.print_pairs(
        [
            ("公布的依据 published proof", request.proof),
            ("结果 outcome", request.reason),
            ("发布 release", request.release),
        ]
    )


def _request_to_json(request: Request) -> dict[str, object]:
    properties = structs.asdict(request)
    times = ("received_at", "decided_at")
    properties |= {name: value and value.isoformat() for name in times for value in [properties[name]]}
    properties["statements"] = [
        {**structs.asdict(s), "received_at": s.received_at.isoformat()} for s in request.statements
    ]
    return properties


@contextmanager
def _inbox(context: CommandContext) -> Iterator[Inbox]:
    """Open the inbox. Raises ``CommandError('no-inbox')``."""
    inbox = context.inbox()
    if inbox is None:
        raise CommandError(
            "no-inbox",
            "本站没有启用纠错：运行 qingdan corrections key 启用。",
            "The site takes no corrections: turn them on with qingdan corrections key.",
            exit_code=Exit.NOT_FOUND,
        )
    try:
        yield inbox
    finally:
        inbox.close()


COMMANDS: tuple[click.Command, ...] = (corrections,)
