"""Log lines of a process, as text or as JSON, with the id of the request that caused them."""

from __future__ import annotations

import json
import logging
import secrets
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address, ip_network

from publisher.settings import LogForm

request_number: ContextVar[int] = ContextVar("request_number", default=0)
"""Number of the request that the current task handles, from 1 in each process; 0 outside of requests."""
_PROCESS = secrets.token_hex(3)
ACCESS = "publisher.access"
"""Name of the logger of requests."""
_REQUEST_PROPERTIES = ("client", "method", "path", "status", "seconds")
"""Properties of a request in its line. Its query is left out: people search for their own names."""
_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_ESCAPES |= {code: f"\\u{code:04x}" for code in (0x2028, 0x2029)}
"""Control characters of a line of text: a path may contain a line feed, and forge the next entry."""

_JSON_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029)}
"""Those that JSON allows in a text: a terminal would obey them, and some programs would end the line."""


def request_id() -> str:
    """Return the id of the current request, which no other process uses; empty outside of requests."""
    number = request_number.get()
    return f"{_PROCESS}-{number:x}" if number else ""


def configure_logging(form: LogForm, *, access: bool = False) -> None:
    """Send the log of this process to stderr. ``access``: with a line for each request."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("publisher").setLevel(logging.INFO)
    # uvicorn warns of bytes that are not a request: anybody could fill the disk with them.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    logging.getLogger(ACCESS).setLevel(logging.INFO if access else logging.CRITICAL)


class JsonLines(logging.Formatter):
    """One JSON object for each entry."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **({"request": id_} if (id_ := request_id()) else {}),
            **{name: getattr(record, name) for name in _REQUEST_PROPERTIES if hasattr(record, name)},
        }
        if record.exc_info:
            line["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, ensure_ascii=False).translate(_JSON_ESCAPES)


class TextLines(logging.Formatter):
    """A line for people; a traceback follows its entry, indented: its text may contain a line feed too."""

    def format(self, record: logging.LogRecord) -> str:
        id_ = request_id()
        message = record.getMessage().translate(_ESCAPES)
        line = f"{_instant(record)} {record.levelname} {f'[{id_}] ' if id_ else ''}{message}"
        if record.exc_info:
            for text in "".join(traceback.format_exception(*record.exc_info)).splitlines():
                line += f"\n    {text.translate(_ESCAPES)}"
        return line


def _instant(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def shorten_address(address: str) -> str:
    """Return the network of an address, so that no line names a household: IPv4 by /24, IPv6 by /48."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "-"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False).network_address)
