"""The documents keep step with the code: routes, parameters, settings, commands, options, codes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from openapi.operation import ProblemKind
from publisher.cli.root import root
from publisher.cli.terminal.exit_codes import Exit
from publisher.ingest.findings import all_kinds
from publisher.ingest.findings.kind import Kind
from publisher.views.api import contract
from publisher.views.pages import routes as people
from publisher.views.pages.printing.templates import Press
from publisher.web import problems
from publisher.web.route import AnyRoute

PROJECT = Path(__file__).resolve().parents[1]


def page(name: str) -> str:
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name, one in command.commands.items():
        yield from commands(one, f"{path} {name}")


COMMANDS = dict(commands(root, "qingdan"))


def section(command: str) -> str:
    """What docs/cli.md says of a command."""
    found = re.search(
        rf"^### `{re.escape(command)}(?: [^`a-z][^`]*)?`$(.*?)(?=^### |\Z)", page("cli.md"), re.M | re.S
    )
    return found.group(1) if found else ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_each_of_its_options_is_documented(command: str) -> None:
    told = section(command)
    assert told
    options = [p for p in COMMANDS[command].params if isinstance(p, click.Option)]
    assert set(re.findall(r"^\| (`--.*?`) \|", told, re.M)) == {f"`{o.opts[0]}`" for o in options}


def test_no_command_is_documented_that_does_not_exist() -> None:
    told = re.findall(r"^### `(qingdan[a-z -]*)", page("cli.md"), re.M)
    assert sorted(name.strip() for name in told) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_chinese_first_and_english_too(command: str) -> None:
    texts = [COMMANDS[command].help or ""]
    texts += [o.help or "" for o in COMMANDS[command].params if isinstance(o, click.Option)]
    for text in texts:
        chinese, _, english = text.partition(" / ")
        assert re.search(r"[\u4e00-\u9fff]", chinese), text
        assert re.search(r"[A-Za-z]{2}", english), text


@pytest.mark.parametrize("code", Exit)
def test_every_exit_code_is_documented(code: Exit) -> None:
    assert re.search(rf"^\| {code.value} \|", page("cli.md"), re.M)
    assert re.search(rf"^  {code.value} ", root.help or "", re.M)


def test_every_setting_is_documented_and_no_other() -> None:
    names = re.compile(r"QINGDAN_[A-Z_]+")
    used = {
        n for f in PROJECT.glob("publisher/**/*.py") for n in names.findall(f.read_text(encoding="utf-8"))
    }
    assert set(re.findall(r"^\| `(QINGDAN_[A-Z_]+)`", page("settings.md"), re.M)) == used


CONTRACT = contract.document("https://data.example.gov.cn")["paths"]


@pytest.mark.parametrize("path", CONTRACT)
def test_every_route_and_its_parameters_are_documented(path: str) -> None:
    pages = page("api.md") + page("feeds.md")
    assert f"`GET {path}`" in pages or f"`{path}`" in pages
    for parameter in CONTRACT[path]["get"].get("parameters", ()):
        name = parameter["name"]
        assert re.search(rf"`{re.escape(name)}[`=]|{{{re.escape(name)}}}", pages), name


@pytest.mark.parametrize("route", people.routes(Press()), ids=lambda route: route.operation.path)
def test_every_page_is_documented(route: AnyRoute) -> None:
    assert f"| `{route.operation.path}` |" in page("pages.md")


@pytest.mark.parametrize("kind", problems.KINDS, ids=lambda kind: kind.code)
def test_every_problem_is_documented_with_its_status(kind: ProblemKind) -> None:
    assert f"| `{kind.code}` | {kind.status} |" in page("errors.md")


@pytest.mark.parametrize("kind", all_kinds.every_kind(), ids=lambda kind: kind.code)
def test_every_finding_is_documented_with_its_severity(kind: Kind) -> None:
    assert f"| `{kind.code}` | {kind.severity} |" in page("findings.md")


def codes(file: Path, *makers: str) -> set[str]:
    """The first words with which a module makes errors of a kind."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers:
            given = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "code")]
            found |= {a.value for a in given if isinstance(a, ast.Constant) and isinstance(a.value, str)}
    return found


def of_the_log() -> set[str]:
    return {c for f in PROJECT.glob("publisher/**/*.py") for c in codes(f, "LogError", "Conflict")}


def of_the_command() -> set[str]:
    return {
        c for f in (PROJECT / "publisher" / "cli").rglob("*.py") for c in codes(f, "Failure", "CommandError")
    }


def test_every_refusal_of_the_log_is_documented() -> None:
    for code in sorted(of_the_log()):
        assert re.search(rf"^\| [^|]*`{code}`[^|]* \|", page("errors.md"), re.M), code


def test_every_error_of_the_command_is_documented() -> None:
    for code in sorted(of_the_command() - of_the_log()):
        assert re.search(rf"^\| [^|]*`{code}`", page("cli.md"), re.M), code


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for file in (PROJECT / "docs").glob("*.md"):
        assert f"docs/{file.name}" in readme, file.name


def test_links_between_the_documents_lead_somewhere() -> None:
    for file in (*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name}: {target}"
