"""The command that answers one assistant on standard input and output."""

from __future__ import annotations

import click

from publisher.cli.context import CommandContext, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit


@click.command()
@with_context
def mcp(context: CommandContext) -> int:
    """供智能助手读取：标准输入输出上的 MCP 服务 / Serve one assistant over stdio (Model Context Protocol)."""
    from importlib.util import find_spec

    import anyio

    if find_spec("mcp") is None:
        output.print_message(
            "未安装：请运行 pip install 'qingdan[mcp]'。", "Not installed: pip install 'qingdan[mcp]'."
        )
        return Exit.REFUSED
    from publisher.indexing.open_engine import open_engine
    from publisher.views.mcp.server import serve_stdio
    from publisher.web.service import create_service

    async def serve() -> None:
        engine = open_engine(context.settings)
        try:
            await serve_stdio(create_service(context.settings, log, engine))
        finally:
            await engine.close()

    with context.log(read_only=True) as log:
        anyio.run(serve)
    return Exit.OK


COMMANDS: tuple[click.Command, ...] = (mcp,)
