"""Root of the ``qingdan`` command: global options and the list of commands."""

from __future__ import annotations

from pathlib import Path

import click

from publisher import settings
from publisher.cli.commands.operation import (
    demo,
    desk,
    followers,
    harvest,
    keys,
    mcp,
    recovery,
    robots,
    search_model,
    serve,
    site,
    site_details,
    webhooks,
    witness,
)
from publisher.cli.commands.publishing import (
    amendments,
    catalogues,
    commitments,
    corrections,
    datasets,
    drafts,
    erasure,
    import_files,
    publish,
    reread,
    responses,
    statutes,
)
from publisher.cli.commands.reading import compare, export, findings, history, search
from publisher.cli.context import CommandContext
from publisher.cli.terminal.language import set_language
from schemas.words import Lang

_HELP = """清单：把政府清单发布为有版本、可查询、可核验的开放数据。

\b
Qingdan: publish government lists as versioned open data.

\b
退出码 / Exit codes
  0    完成 / done
  1    数据有误或被拒绝 / errors in the data, or refused
  2    命令用法有误 / usage error
  3    没有找到 / not found
  4    暂时无法执行：磁盘已满或系统繁忙 / temporarily unavailable: disk full, busy
  130  被 Ctrl-C 中断 / interrupted
"""


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="站点所在的文件夹，也可用 QINGDAN_HOME / Folder of the site; or set QINGDAN_HOME.",
)
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    help="信息的语言，默认按 LANG / Language of messages; by default that of LANG.",
)
@click.version_option(package_name="qingdan", prog_name="qingdan", help="版本 / Show the version.")
@click.pass_context
def root(context: click.Context, home: Path | None, lang: Lang | None) -> None:
    if lang is not None:
        set_language(lang)
    try:
        site_settings = settings.read_settings(home)
    except ValueError as error:
        raise click.UsageError(f"设置有误，{error} / wrong setting, {error}") from error
    context.obj = CommandContext(site_settings)


def _with_full_short_help(command: click.Command) -> click.Command:
    """Use the whole first line of help in lists of commands; click cuts it at 45 characters."""
    command.short_help = (command.help or "").strip().partition("\n")[0]
    for subcommand in command.commands.values() if isinstance(command, click.Group) else ():
        _with_full_short_help(subcommand)
    return command


_MODULES = (
    site,
    site_details,
    serve,
    desk,
    mcp,
    datasets,
    import_files,
    harvest,
    drafts,
    publish,
    amendments,
    erasure,
    corrections,
    reread,
    responses,
    commitments,
    statutes,
    history,
    compare,
    search,
    search_model,
    findings,
    export,
    webhooks,
    robots,
    followers,
    catalogues,
    keys,
    witness,
    recovery,
    demo,
)
"""In the order of ``qingdan --help``."""
for _module in _MODULES:
    for _command in _module.COMMANDS:
        root.add_command(_with_full_short_help(_command))
