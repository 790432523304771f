"""Commands about robots of 企业微信, 钉钉 and 飞书, which send changes to a chat group."""

from __future__ import annotations

from typing import IO

import click

from publisher.cli.context import CommandContext, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.failures import CommandError

_KINDS = {"wecom": "企业微信", "dingtalk": "钉钉", "feishu": "飞书"}
"""Kind → title of :mod:`publisher.notify.robots`, which help does not import; a test compares both."""


@click.group()
def robots() -> None:
    """群机器人：把变化发到企业微信、钉钉、飞书的群里 / Robots that send changes to a group."""


@robots.command()
@click.argument("kind", type=click.Choice(tuple(_KINDS)))
@click.argument("address")
@click.option(
    "--feed",
    required=True,
    help="订阅源的地址，如 /feeds/all.atom / Address of a feed, such as /feeds/all.atom.",
)
@click.option(
    "--secret-file",
    type=click.File(errors="replace"),  # a secret is ASCII
    help="含加签密钥的文件（- 为标准输入），钉钉、飞书用 / File with the secret for signing (- is stdin).",
)
@with_context
def add(context: CommandContext, kind: str, address: str, feed: str, *, secret_file: IO[str] | None) -> None:
    """添加一个机器人，并向群里发送消息 / Add a robot, and send a first message to its group."""
    import msgspec

    from publisher.cli.commands.operation.webhooks import parse_scope
    from publisher.log.model import LogError
    from publisher.notify.confirmation import add_robot, require_address
    from publisher.notify.webhook_sender import DeliveryError, create_sender

    try:
        require_address(kind, address, loopback=context.settings.loopback)
    except LogError as error:
        raise click.BadParameter(
            f"不是{_KINDS[kind]}机器人的 Webhook 地址 / this is not the webhook address of a {kind} robot",
            param_hint="ADDRESS",
        ) from error
    secret = secret_file.read().strip() if secret_file else ""
    with context.log() as log:
        scope = msgspec.json.encode(parse_scope(context, log, feed)).decode()
        try:
            robot = add_robot(log, create_sender(context.settings), kind, address, scope, secret)
        except DeliveryError as error:
            raise CommandError(
                "not-confirmed",
                f"机器人没有接受消息：{error}。没有添加。",
                f"The robot did not take the message: {error}. It was not added.",
            ) from error
    output.print_message(
        f"已添加机器人 {robot.id}。查看和删除：qingdan webhooks list、qingdan webhooks remove {robot.id}",
        f"Added the robot {robot.id}. See qingdan webhooks list and qingdan webhooks remove {robot.id}",
    )


COMMANDS: tuple[click.Command, ...] = (robots,)
