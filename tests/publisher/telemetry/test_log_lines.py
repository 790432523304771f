"""Addresses in log lines are networks, and an entry of a request has its id."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from publisher.telemetry.log_lines import JsonLines, TextLines, request_id, request_number, shorten_address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("not an address", "-"),
        ("", "-"),
    ],
)
def test_no_line_names_a_household(address: str, network: str) -> None:
    assert shorten_address(address) == network


def test_a_traceback_is_one_line_of_json_and_follows_a_line_of_text() -> None:
    token = request_number.set(26)
    own = request_id()
    try:
        raise ValueError("坏")
    except ValueError:
        record = logging.getLogger("publisher.x").makeRecord(
            "publisher.x", logging.ERROR, "f", 1, "%s failed", ("/",), sys.exc_info()
        )
        line = json.loads(JsonLines().format(record))
        text = TextLines().format(record)
    finally:
        request_number.reset(token)
    assert (line["request"], line["level"], line["message"]) == (own, "error", "/ failed")
    assert own.endswith("-1a")
    assert line["traceback"].endswith("ValueError: 坏\n")
    assert text.splitlines()[0].endswith(f"ERROR [{own}] / failed")
    assert text.endswith("ValueError: 坏")


def test_a_path_cannot_forge_an_entry() -> None:
    path = "/\n2026-01-01 ERROR forged\x1b[2J\u2028"
    record = logging.getLogger("x").makeRecord("x", logging.INFO, "f", 1, "%s 404", (path,), None)
    text = TextLines().format(record)
    assert text.endswith(r"/\x0a2026-01-01 ERROR forged\x1b[2J\u2028 404")
    assert len(text.splitlines()) == 1
    record.args = ("/\x9b2J\u2028",)
    assert JsonLines().format(record).endswith(r'"/\u009b2J\u2028 404"}')


def test_a_traceback_cannot_forge_an_entry() -> None:
    try:
        raise ValueError("x\n2026-01-01 ERROR forged\x1b[2J")
    except ValueError:
        info = sys.exc_info()
    record = logging.getLogger("x").makeRecord("x", logging.ERROR, "f", 1, "failed", (), info)
    _, *lines = TextLines().format(record).split("\n")
    assert lines[-1] == r"    2026-01-01 ERROR forged\x1b[2J"
    assert all(line.startswith("    ") for line in lines)
