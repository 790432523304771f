"""Commands about the keys that sign checkpoints."""

from __future__ import annotations

import hashlib

import click

from publisher.cli.context import JSON, CommandContext, with_context
from publisher.cli.terminal import output

_PUBLIC = click.option(
    "--public",
    default="",
    metavar="KEY",
    help="私钥在别处，由 QINGDAN_SIGN_COMMAND 签名：其公钥 / Public key of a private key elsewhere.",
)


@click.group()
def key() -> None:
    """存证点的签名密钥 / Keys that sign checkpoints."""


@key.command()
@_PUBLIC
@with_context
def new(context: CommandContext, public: str) -> None:
    """建立站点的第一个密钥 / Create the first key of the site."""
    with context.log() as log:
        created = log.keys.create(public=public, command=context.settings.sign_command)
    output.print_message(
        "已建立密钥。请将它公布在网站以外的地方（如公报、上级网站），并备份私钥。",
        "Created the key. Publish it outside this site too (a gazette, another site). "
        "Back up the private key.",
    )
    output.print_line(str(created))


@key.command()
@_PUBLIC
@click.option(
    "--lost",
    is_flag=True,
    help="旧密钥已丢失，不能签名；核验者会看到 / The old key is lost; verifiers see that it did not sign.",
)
@with_context
def rotate(context: CommandContext, public: str, *, lost: bool) -> None:
    """更换密钥，由新旧两个密钥共同签名 / Replace the key; the old and the new one sign."""
    with context.log() as log:
        created = log.keys.rotate(public=public, command=context.settings.sign_command, lost=lost)
    output.print_message("已更换密钥，请一并公布新公钥。", "Replaced the key; publish the new one too.")
    output.print_line(str(created))


@key.command("list")
@JSON
@with_context
def list_(context: CommandContext, *, as_json: bool) -> None:
    """列出密钥 / List the keys."""
    with context.log() as log:
        keys = [
            {
                "key": str(one.key),
                "fingerprint": hashlib.sha256(one.key.public).hexdigest(),
                "valid_from": one.valid_from,
                "valid_to": one.valid_to,
                "file": log.keys.has_file(one.key),
            }
            for one in log.keys.all()
        ]
    if as_json:
        output.print_json(keys)
        return
    output.print_table(
        ["公钥 key", "自 from", "至 to", "私钥文件 file"],
        [[k["key"], k["valid_from"], k["valid_to"] or "", "有 yes" if k["file"] else ""] for k in keys],
    )


COMMANDS: tuple[click.Command, ...] = (key,)
