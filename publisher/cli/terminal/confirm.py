"""Questions before a command changes what is published."""

from __future__ import annotations

import sys

import click

from publisher.cli.terminal.failures import CommandError
from publisher.cli.terminal.language import in_language


def confirm(zh: str, en: str, *, yes: bool) -> None:
    """Ask on a terminal; elsewhere ``--yes`` is needed. Raises ``CommandError('needs-yes')`` or ``Abort``."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(
            "needs-yes",
            f"{zh}未执行。核对以上内容后，请加 --yes 重新运行。",
            f"{en} Nothing was changed: check what is shown above, then run it again with --yes.",
        )
    click.confirm(in_language(zh, en), abort=True, err=True)


def ask_text(zh: str, en: str, *, option: str) -> str:
    """Ask for a value that was not given as an option; elsewhere than on a terminal it is required."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"缺少选项'{option}' / Missing option '{option}'.")
    return str(click.prompt(in_language(zh, en), err=True))
