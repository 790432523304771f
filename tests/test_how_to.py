"""Each guide of docs/how-to is followed literally in a copy of the project, and what it adds works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
FOLDERS = ("docs", "feeds", "openapi", "publisher", "schemas", "scripts", "search", "tests")
FILES = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "README.zh-CN.md",
    "SECURITY.md",
    "pyproject.toml",
)

_PROMISE = re.compile(r"^\*\*Adds (no|\d+) files?, changes (none|\d+)\.\*\*", re.M)
_STEP = re.compile(r"^## \d+\. (Add|Change|Run)(?: `([^`]+)`)?\n(.*?)(?=^## |\Z)", re.M | re.S)
_TESTS = re.compile(r"^\.venv/bin/pytest (?P<files>tests/\S+( tests/\S+)*) ?(?P<options>.*)$")
_BLOCK = re.compile(r"^(`{3,})\w+\n(.*?)^\1$", re.M | re.S)


@dataclass(frozen=True)
class Step:
    action: str
    path: str
    text: str
    """Content of a file, a difference, or commands."""


@dataclass(frozen=True)
class Guide:
    name: str
    promise: tuple[int, int]
    """Files that a guide adds, and files that it changes."""
    steps: tuple[Step, ...]

    @property
    def commands(self) -> str:
        return "\n".join(step.text for step in self.steps if step.action == "Run")


def read_guide(file: Path) -> Guide:
    text = file.read_text(encoding="utf-8")
    promise = _PROMISE.search(text)
    assert promise is not None, f"{file.name} does not promise a number of files"
    added, changed = (0 if number in ("no", "none") else int(number) for number in promise.groups())
    return Guide(file.stem, (added, changed), tuple(read_steps(text)))


def read_steps(text: str) -> Iterator[Step]:
    for action, path, body in _STEP.findall(text):
        block = _BLOCK.search(body)
        assert block is not None, f"{action} {path}: no block"
        yield Step(action, path, block[2])


GUIDES = [
    read_guide(file) for file in sorted((PROJECT / "docs" / "how-to").glob("*.md")) if file.stem != "README"
]


def apply_difference(text: str, difference: str) -> str:
    """Apply a difference. ``@@`` separates places.

    The lines of a place that are not added must occur in the file exactly once.
    """
    for place in re.split(r"^@@\n", difference, flags=re.M):
        lines = [(line[:1], line[1:]) for line in place.splitlines()]
        before = "".join(f"{line}\n" for sign, line in lines if sign != "+")
        after = "".join(f"{line}\n" for sign, line in lines if sign != "-")
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the project without its history and without programs that its tests install."""
    tree = tmp_path / "tree"
    tree.mkdir()
    skipped = shutil.ignore_patterns("node_modules", "__pycache__")
    for folder in FOLDERS:
        shutil.copytree(PROJECT / folder, tree / folder, ignore=skipped)
    for file in FILES:
        shutil.copy2(PROJECT / file, tree / file)
    (tree / ".venv").symlink_to(Path(sys.prefix))
    return tree


def follow(guide: Guide, tree: Path, home: Path) -> tuple[set[str], set[str]]:
    """Follow the steps → paths that were added and paths that were changed."""
    added, changed = set(), set()
    for step in guide.steps:
        file = Path(step.path.replace("$QINGDAN_HOME", str(home)))
        file = file if file.is_absolute() else tree / file
        if step.action == "Add":
            assert not file.exists(), step.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(step.text, encoding="utf-8")
            added.add(step.path)
        elif step.action == "Change":
            text = file.read_text(encoding="utf-8")
            file.write_text(apply_difference(text, step.text), encoding="utf-8")
            changed.add(step.path)
    return added, changed


def run(commands: str, tree: Path, home: Path) -> None:
    # Dependencies that make installs first exist already, and must not be installed from the copy.
    script = f'set -eu\nmake() {{ command make -o setup "$@"; }}\n{commands}'
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "QINGDAN"))},
        "PATH": f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "QINGDAN_HOME": str(home),
    }
    result = subprocess.run(["sh", "-c", script], cwd=tree, env=environ, capture_output=True, text=True)  # noqa: PLW1510
    assert result.returncode == 0, result.stdout + result.stderr


def merge(guides: Iterable[Guide]) -> str:
    """Commands of several guides → the same, each once and in their order, with the tests in one run."""
    commands: dict[str, None] = {}
    tests: dict[str, dict[str, None]] = {}
    for line in (line for guide in guides for line in guide.commands.splitlines()):
        pytest_run = _TESTS.match(line)
        if pytest_run is None:
            commands[line] = None
        else:
            tests.setdefault(pytest_run["options"], {}).update(dict.fromkeys(pytest_run["files"].split()))
    runs = [f".venv/bin/pytest {' '.join(files)} {options}" for options, files in tests.items()]
    return "\n".join([*commands, *runs])


def read_documents(tree: Path) -> dict[Path, str]:
    return {file: file.read_text(encoding="utf-8") for file in (tree / "docs").rglob("*.md")}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_a_guide_adds_the_thing_in_the_number_of_files_that_it_promises(guide: Guide, tmp_path: Path) -> None:
    """Only what it changes is there, as the project has it: no guide needs another one."""
    tree, home = tmp_path / "tree", tmp_path / "home"
    for path in {step.path for step in guide.steps if step.action == "Change"}:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / path, tree / path)
    assert not any((PROJECT / step.path).exists() for step in guide.steps if step.action == "Add")
    added, changed = follow(guide, tree, home)
    assert (len(added), len(changed)) == guide.promise


@pytest.mark.slow
def test_everything_that_the_guides_add_works(copy: Path, tmp_path: Path) -> None:
    """In one copy, as each command costs seconds. Two guides that change the same lines would fail here."""
    home = tmp_path / "home"
    plain = [guide for guide in GUIDES if "make docs" not in guide.commands]
    others = [guide for guide in GUIDES if guide not in plain]
    for guide in plain:
        follow(guide, copy, home)
    before = read_documents(copy)
    run("make docs", copy, home)
    assert read_documents(copy) == before, "one of these guides has to run make docs"
    for guide in others:
        follow(guide, copy, home)
    run(merge([*plain, *others]), copy, home)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_a_guide_proves_what_it_adds_and_that_the_documents_agree(guide: Guide) -> None:
    if guide.name != "catalogue":  # changes the site and not the project
        assert re.search(r"^make fix$", guide.commands, re.M)
        assert re.search(r"^\.venv/bin/pytest tests/test_docs\.py .*", guide.commands, re.M)
