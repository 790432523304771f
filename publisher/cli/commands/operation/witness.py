"""The command that runs a witness of other sites' logs."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

import click

from publisher.cli.context import http_address
from publisher.cli.terminal import output


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--name",
    required=True,
    help="见证方的名称，如 witness.example.org，以后不能更改 / Name of the witness; it never changes.",
)
@click.option(
    "--log",
    "logs",
    multiple=True,
    required=True,
    metavar="KEY",
    help="所见证日志的公钥，见其 /log/keys.json，可重复 / Key of a log to witness; may be repeated.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="监听的地址 / Address to listen on.")
@click.option("--port", default=8010, show_default=True, type=click.IntRange(1, 65535), help="端口 / Port.")
def witness(folder: Path, name: str, logs: tuple[str, ...], host: str, port: int) -> None:
    """见证其他站点的存证点 / Cosign checkpoints of other sites' logs (C2SP tlog-witness) until Ctrl-C."""
    from publisher.log.transparency.signed_note import NoteError, VerifierKey
    from publisher.web.http_protocol import listen
    from publisher.witness import Witness, run_witness

    try:
        keys = [VerifierKey.parse(text) for text in logs]
    except NoteError as error:
        raise click.BadParameter(str(error), param_hint="--log") from error
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    own = Witness(folder, name, keys)
    address = http_address(host, port)
    with listen(host, port) as listener, contextlib.suppress(KeyboardInterrupt):
        output.print_message(
            f"见证方已启动：{address}（按 Ctrl-C 停止）。请将此公钥交给各站点：",
            f"The witness runs at {address}; stop with Ctrl-C. Give its key to the sites:",
        )
        output.print_line(str(own.key))
        run_witness(own, listener)
    output.print_message("已停止。", "Stopped.")


COMMANDS: tuple[click.Command, ...] = (witness,)
