"""The command ``desk``: the pages for officials, and their accounts."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from msgspec import structs

from publisher.cli.context import JSON, NUMBER, YES, CommandContext, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.confirm import confirm
from publisher.cli.terminal.exit_codes import Exit

if TYPE_CHECKING:
    from publisher.desk.accounts.accounts import Account
    from publisher.desk.accounts.roles import Grant
    from publisher.desk.accounts.tokens import Token
    from publisher.desk.desk import Staff

_UPLOAD_SECONDS = 900.0
"""Seconds for files that are handed in, 64 MiB at most."""
_TOKEN_ACTIONS = ("read-draft", "hand-in", "submit", "publish")
_TOKEN_DAYS = 90
"""Both of :mod:`publisher.desk.accounts`, which help does not import; a test compares them."""
_NAME = click.argument("name", metavar="NAME")
_ROLE = click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    metavar="ROLE[:DATASET[:PART]]",
    help="角色：填报、审核、发布、系统管理、安全管理、督查，可限于一个数据集或其中一个报送部门；可重复 / "
    "A role, in all datasets, in one, or for one part of it; may be repeated.",
)


@click.group(invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址 / Address to listen on.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535), help="端口 / Port.")
@click.option("--until-eof", is_flag=True, help="标准输入关闭时停止 / Stop when standard input closes.")
@click.pass_context
def desk(click_context: click.Context, host: str, port: int, *, until_eof: bool) -> None:
    """启动工作台：填报、审核、发布的网页 / Serve the desk, with which officials hand in and publish."""
    if click_context.invoked_subcommand is None:
        _serve(click_context.obj, host, port, until_eof=until_eof)


def _serve(context: CommandContext, host: str, port: int, *, until_eof: bool) -> None:
    from publisher import app
    from publisher.desk.app import create_desk_app
    from publisher.desk.desk import open_staff
    from publisher.site_command import stop_at_eof
    from publisher.telemetry.log_lines import configure_logging

    def on_start() -> None:
        output.print_message(
            f"工作台已启动：{settings.desk_base}（按 Ctrl-C 停止）",
            f"The desk is at {settings.desk_base}; stop with Ctrl-C.",
        )
        if until_eof:
            stop_at_eof()

    settings = context.settings
    configure_logging(settings.log_form, access=settings.access_log)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        context.log(role="desk") as log,
        contextlib.closing(open_staff(settings, application="qingdan desk")) as staff,
        contextlib.suppress(KeyboardInterrupt),
    ):
        app.serve(
            create_desk_app(settings, log, staff),
            host=host,
            port=port,
            on_start=on_start,
            max_connections=settings.connections,
            body_seconds=_UPLOAD_SECONDS,
        )
    output.print_message("已停止。", "Stopped.")


@desk.group()
def user() -> None:
    """工作台的账号 / Accounts of the desk."""


@user.command()
@_NAME
@click.option("--display", default="", help="姓名或岗位 / Name of the person or of the post.")
@_ROLE
@with_context
def add(context: CommandContext, name: str, display: str, roles: tuple[str, ...]) -> None:
    """新增账号，输出邀请链接 / Add an account and print the link of its invitation."""
    from publisher.desk.accounts.roles import parse_grant

    grants = [parse_grant(role) for role in roles]
    with _open_staff(context, create=True) as staff:
        token = staff.accounts.add(name, display, grants)
    _print_unknown_scopes(context, grants)
    _print_invitation(context, name, token)


@user.command()
@_NAME
@with_context
def invite(context: CommandContext, name: str) -> None:
    """重新邀请：忘记密码或换了手机 / Invite again, after a lost password or telephone; sessions end."""
    with _open_staff(context) as staff:
        token = staff.accounts.invite(name)
    _print_invitation(context, name, token)


@user.command("list")
@JSON
@with_context
def list_(context: CommandContext, *, as_json: bool) -> None:
    """列出账号和角色 / List accounts and their roles."""
    with _open_staff(context) as staff:
        accounts = staff.accounts.all()
    if as_json:
        output.print_json([_account_to_json(account) for account in accounts])
        return
    output.print_table(
        ["账号 account", "姓名 name", "角色 roles", "最近登录 last sign-in", "状态 state"],
        [
            [a.name, a.display, "、".join(map(str, a.grants)), _sign_in_day(a), _describe_state(a)]
            for a in accounts
        ],
    )


@user.command()
@_NAME
@_ROLE
@with_context
def roles(context: CommandContext, name: str, roles: tuple[str, ...]) -> None:
    """更换账号的角色 / Replace the roles of an account."""
    from publisher.desk.accounts.roles import parse_grant

    with _open_staff(context) as staff:
        account = staff.accounts.change_roles(name, [parse_grant(role) for role in roles])
    words = "、".join(map(str, account.grants))
    output.print_message(f"账号 {name} 的角色：{words}。", f"Roles of {name}: {words}.")
    _print_unknown_scopes(context, account.grants)


def _print_unknown_scopes(context: CommandContext, grants: Iterable[Grant]) -> None:
    """Name the roles that permit nothing yet. Accounts may come before the datasets, so none is refused."""
    with context.log(read_only=True) as log:
        parts = {dataset.name: {part.name for part in dataset.parts} for dataset in log.datasets.all()}
    for grant in grants:
        if grant.dataset is not None and grant.dataset not in parts:
            output.print_message(
                f"注意：角色“{grant}”的数据集还不存在，请核对名称。",
                f"Note: the dataset of the role {str(grant)!r} does not exist yet; check its name.",
            )
        elif grant.dataset is not None and grant.part is not None and grant.part not in parts[grant.dataset]:
            output.print_message(
                f"注意：角色“{grant}”的报送部门还不在清单里，请核对名称。",
                f"Note: the list has no part as in the role {str(grant)!r} yet; check its name.",
            )


@user.command()
@_NAME
@YES
@with_context
def disable(context: CommandContext, name: str, *, yes: bool) -> None:
    """停用账号，立即结束其登录 / Disable an account and end its sessions."""
    with _open_staff(context) as staff:
        staff.accounts.get(name)
        confirm(f"停用账号 {name}。", f"Disable the account {name}.", yes=yes)
        staff.accounts.disable(name)
    output.print_message(f"账号 {name} 已停用。", f"The account {name} is disabled.")


@desk.group()
def token() -> None:
    """各部门系统使用接口的令牌 / Tokens with which programs of departments use the API."""


@token.command("add")
@click.argument("account", metavar="ACCOUNT")
@click.option("--label", required=True, help="使用令牌的系统 / The program that has it.")
@click.option("--dataset", required=True, help="数据集 / Dataset.")
@click.option("--part", help="报送部门 / Part.")
@click.option(
    "--action",
    "actions",
    multiple=True,
    required=True,
    type=click.Choice(_TOKEN_ACTIONS),
    help="可做的操作，可重复 / What it may do; may be repeated.",
)
@click.option(
    "--days", default=_TOKEN_DAYS, show_default=True, type=int, help="有效天数 / Days until it expires."
)
@with_context
def add_token(
    context: CommandContext,
    account: str,
    label: str,
    dataset: str,
    part: str | None,
    actions: tuple[str, ...],
    days: int,
) -> None:
    """新增令牌，只显示一次 / Add a token and print it once."""
    from publisher.desk.accounts.roles import Action
    from publisher.workflow.part_of_file import find_part

    with context.log(read_only=True) as log:
        one = log.datasets.get(dataset)
        name = None if part is None else find_part(one, part).name
    with _open_staff(context) as staff:
        secret, new = staff.tokens.add(
            account, label, dataset=dataset, part=name, actions=[Action(word) for word in actions], days=days
        )
    output.print_message(
        f"令牌{new.number}，有效至{new.expires_at:%Y-%m-%d}。只显示这一次，请在该系统中妥善保存：",
        f"Token {new.number} is valid until {new.expires_at:%Y-%m-%d}. It is shown once; keep it safe:",
    )
    output.print_line(secret)


@token.command("list")
@JSON
@with_context
def list_tokens(context: CommandContext, *, as_json: bool) -> None:
    """列出令牌和最近使用时间 / List tokens with their last use."""
    with _open_staff(context) as staff:
        tokens = staff.tokens.all()
    if as_json:
        output.print_json([structs.asdict(one) for one in tokens])
        return
    output.print_table(
        ["编号 number", "账号 account", "系统 program", "范围 scope", "到期 expires", "最近使用 last use"],
        [
            [str(t.number), t.account, t.label, str(t.scope), f"{t.expires_at:%Y-%m-%d}", _last_use(t)]
            for t in tokens
        ],
    )


@token.command()
@click.argument("number", type=NUMBER, metavar="NUMBER")
@with_context
def revoke(context: CommandContext, number: int) -> None:
    """停用令牌，立即生效 / Revoke a token at once."""
    with _open_staff(context) as staff:
        one = staff.tokens.revoke(number)
    output.print_message(f"令牌{number}（{one.label}）已停用。", f"Token {number} ({one.label}) is revoked.")


def _last_use(token: Token) -> str:
    if token.revoked_at is not None:
        return "已停用 revoked"
    return f"{token.used_at:%Y-%m-%d %H:%M}Z" if token.used_at else ""


@desk.command()
@click.option("--verify", is_flag=True, help="核对哈希链 / Verify the hash chain.")
@with_context
def audit(context: CommandContext, *, verify: bool) -> int:
    """输出审计日志，每行一个 JSON / Print the audit log as JSON Lines, or verify it."""
    with _open_staff(context) as staff:
        if not verify:
            for line in staff.audit.lines():
                output.print_line(line)
            return Exit.OK
        with context.log(read_only=True) as log:
            heads = log.proofs.audit_heads()
        problems, head = staff.audit.verify(*heads), staff.audit.head()
    for problem in problems:
        output.print_line(problem)
    if problems:
        output.print_message(
            "审计日志与哈希链或公开日志中的记载不符。",
            "The audit log does not fit its hash chain, or what the public log states of it.",
        )
        return Exit.REFUSED
    output.print_message(
        f"审计日志{head.size}行，哈希链无误，与公开日志中的{len(heads)}处记载相符：{head.hash}",
        f"{head.size} lines of audit fit their chain, and {len(heads)} heads in the public log.",
    )
    return Exit.OK


@contextmanager
def _open_staff(context: CommandContext, *, create: bool = False) -> Iterator[Staff]:
    from publisher.desk.desk import open_staff

    with context.log(read_only=True):  # there has to be a site
        pass
    with contextlib.closing(open_staff(context.settings, create=create)) as staff:
        yield staff


def _print_invitation(context: CommandContext, name: str, token: str) -> None:
    from publisher.desk.accounts.accounts import INVITATION_HOURS

    output.print_message(
        f"请把链接当面或经可靠渠道交给 {name}，{INVITATION_HOURS}小时内有效，只能用一次：",
        f"Give this link to {name} in person or safely; it works once, within {INVITATION_HOURS} hours:",
    )
    output.print_line(f"{context.settings.desk_base}/invitation/{token}")


def _sign_in_day(account: Account) -> str:
    return f"{account.signed_in_at:%Y-%m-%d}" if account.signed_in_at else ""


def _describe_state(account: Account) -> str:
    if account.disabled_at is not None:
        return "停用 disabled"
    if account.demo:
        return "演示 demo"
    return "启用 active" if account.is_ready else "已邀请 invited"


def _account_to_json(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "display": account.display,
        "roles": [str(grant) for grant in account.grants],
        "demo": account.demo,
        "is_ready": account.is_ready,
        "disabled_at": account.disabled_at,
        "signed_in_at": account.signed_in_at,
    }


COMMANDS: tuple[click.Command, ...] = (desk,)
