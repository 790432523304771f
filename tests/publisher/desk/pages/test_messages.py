"""Messages that the desk shows name no command and no option: whoever reads them there has neither."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.cli.terminal.command_hints import HINTS

ROOT = Path(__file__).parents[4] / "publisher"
COMMAND = re.compile(r"--[a-z]{2,}|qingdan [a-z]+")
FOR_COMMANDS = {
    "desk/accounts/store.py": "no account can sign in yet",
    "log/database/upgrade.py": "the desk does not start",
    "log/registry.py": "there is no site",
    "log/keys.py": "the page of keys offers what fits",
    "log/recovery/manifest.py": "of a backup",
    "log/transfer.py": "of a move",
    "log/transparency/shortfall.py": "addressed to the administrator",
}
"""Modules whose messages are for who runs the command line, and why."""


def messages(module: Path) -> Iterator[str]:
    """Yield the texts in calls that create what a person reads."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names = {getattr(node.func, "id", "")} if isinstance(node, ast.Call) else set()
        if names & {"LogError", "Conflict", "Guard", "_owned_by_other_part", "_refusal"}:
            for one in ast.walk(node):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value


ROOMS = ("log", "workflow", "inbox", "desk")
MODULES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_message_names_no_command(module: Path) -> None:
    name = str(module.relative_to(ROOT))
    commands = [text for text in messages(module) if COMMAND.search(text)]
    assert bool(commands) == (name in FOR_COMMANDS), commands


@pytest.mark.slow
def test_every_hint_is_of_a_message_that_exists() -> None:
    texts = {text for module in MODULES for text in messages(module)}
    sources = "\n".join(module.read_text(encoding="utf-8") for module in MODULES)
    assert all(code in texts or f'"{code}"' in sources for code in HINTS)
