"""The server of the tools: over stdio for one assistant, over HTTP at ``/mcp`` for all.

Stateless: any of several processes may answer a request.
"""

from __future__ import annotations

from typing import Any

import mcp_types as types
import msgspec
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from publisher.failure_lines import is_database_away
from publisher.log.model import LogError
from publisher.views.mcp.tools import TOOLS
from publisher.web.error_log import ErrorLog
from publisher.web.problems import ProblemError
from publisher.web.service import Service
from search.contract import SearchError

MAX_REQUEST = 64 * 1024
"""Bytes of a request's body."""
_INSTRUCTIONS = (
    "政府清单的公开数据：先搜索，再取记录；每个答案附 citation，引用时请给出该地址。"
    "held 为 false 时，请如实说本站没有收录。\n"
    "Open data of government lists: search first, then get the record. Give the `citation` with what you "
    "quote. Where `held` is false, say that the site does not hold it."
)
_BY_NAME = {tool.name: tool for tool in TOOLS}


def create_server(service: Service, errors: ErrorLog) -> Server[Any]:
    """Create the server of the tools of one site. ``errors``: the log of its failures."""

    async def list_tools(_: Any, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=tool.name,
                    title=tool.title,
                    description=tool.description,
                    input_schema=_input_schema(tool.arguments),
                    annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
                )
                for tool in TOOLS
            ]
        )

    async def call_tool(_: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = _BY_NAME.get(params.name)
        if tool is None:
            return _error(f"没有工具“{params.name[:100]}”。/ There is no such tool: {', '.join(_BY_NAME)}.")
        try:
            query = msgspec.convert(params.arguments or {}, tool.arguments)
            answer = await tool.run(service, query)
        except msgspec.ValidationError as error:
            return _error(f"参数有误：{error} / Invalid arguments: {error}")
        except (ProblemError, LogError) as error:
            return _error(f"{error.zh} / {error.en}")
        except SearchError:
            return _error("搜索暂不可用，请稍后再试。/ Search is not available now; try again.")
        except Exception as error:  # noqa: BLE001 - the SDK would send its text, with addresses and statements
            errors.write("the tool", tool.name, error)
            problem = ProblemError("store-unavailable" if is_database_away(error) else "internal-error")
            return _error(f"{problem.zh} / {problem.en}")
        text = msgspec.json.encode(answer).decode()
        return types.CallToolResult(
            content=[types.TextContent(text=text)], structured_content=msgspec.to_builtins(answer)
        )

    return Server(
        "qingdan",
        version=service.version,
        title="清单 / Qingdan",
        instructions=_INSTRUCTIONS,
        website_url=service.link("/"),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _input_schema(arguments: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the schema of one struct with its definitions in place."""
    (schema,), components = msgspec.json.schema_components([arguments], ref_template="#/$defs/{name}")
    own = components.pop(arguments.__name__, schema)
    return {**own, "$defs": components} if components else dict(own)


def _error(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)


def create_manager(service: Service, errors: ErrorLog) -> StreamableHTTPSessionManager:
    """Create the manager of HTTP requests, without sessions. It may run once."""
    return StreamableHTTPSessionManager(
        create_server(service, errors), json_response=True, stateless=True, max_request_body_size=MAX_REQUEST
    )


async def serve_stdio(service: Service) -> None:
    """Answer one assistant on standard input and output until the input ends."""
    server = create_server(service, ErrorLog())
    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())
