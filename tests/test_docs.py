"""The documentation agrees with the code: tables, routes, parameters, settings, commands, codes, links."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from itertools import chain
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
from publisher.views.pages.developers import documents as site_documents
from publisher.views.pages.printing.templates import Press
from publisher.views.syndication.formats import FEED_FORMATS
from publisher.web import problems
from publisher.web.route import AnyRoute
from scripts import document_tables

PROJECT = Path(__file__).resolve().parents[1]


def page(name: str) -> str:
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


COMMANDS = dict(document_tables.find_commands(root, "qingdan"))
DOCUMENTS = sorted(document_tables.documents())


def name_of(document: Path) -> str:
    return str(document.relative_to(PROJECT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_table_in_a_document_is_the_code_s_own(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    chinese = document_tables.is_chinese(document)
    assert document_tables.fill(text, chinese=chinese) == text, "write it anew: make docs"


@pytest.mark.parametrize("name", document_tables.tables())
def test_every_table_stands_in_one_document(name: str) -> None:
    start = f"<!-- table: {name} -->"
    english = [d for d in DOCUMENTS if not document_tables.is_chinese(d)]
    assert sum(document.read_text(encoding="utf-8").count(start) for document in english) == 1


_CODE_BLOCK = re.compile(r"^```.*?^```$", re.S | re.M)
_TABLE = re.compile(r"(<!-- table: [^\n]+ -->\n).*?(<!-- end -->)", re.S)
_CODE = re.compile(r"`([^`\n]+)`")


CHINESE_ONLY = {"compliance.zh-CN.md"}
"""About Chinese laws and standards, for who buys in China: there is no English edition."""


@pytest.mark.parametrize(
    "document",
    [d for d in DOCUMENTS if document_tables.is_chinese(d) and d.name not in CHINESE_ONLY],
    ids=name_of,
)
def test_a_chinese_edition_has_the_headings_commands_codes_and_tables_of_the_english_one(
    document: Path,
) -> None:
    chinese, english = (
        file.read_text(encoding="utf-8")
        for file in (document, document.with_name(document.name.replace(".zh-CN", "")))
    )

    def headings(text: str) -> list[tuple[str, list[str]]]:
        """Level and codes of each heading."""
        lines = re.findall(r"^(#+) (.*)$", _CODE_BLOCK.sub("", text), re.M)
        return [(level, _CODE.findall(title)) for level, title in lines]

    def codes(text: str) -> set[str]:
        return set(_CODE.findall(_CODE_BLOCK.sub("", _TABLE.sub(r"\1\2", text))))

    assert headings(chinese) == headings(english)
    assert codes(chinese) == codes(english)
    assert _CODE_BLOCK.findall(chinese) == _CODE_BLOCK.findall(english)
    assert re.findall("<!-- table: .* -->", chinese) == re.findall("<!-- table: .* -->", english)


def test_the_documents_of_a_clerk_have_a_chinese_edition() -> None:
    editions = {d.name.removesuffix(".zh-CN.md") for d in DOCUMENTS if document_tables.is_chinese(d)}
    assert {"cli", "findings", "catalogues", "collect"} <= editions


def test_every_command_has_a_section_of_its_own_and_no_other_has() -> None:
    sections = re.findall(
        r"^### `(qingdan[a-z -]*)[^`]*`\n\n<!-- table: command (.*) -->$", page("cli.md"), re.M
    )
    assert [name.strip() for name, _ in sections] == [f"qingdan {table}" for _, table in sections]
    assert sorted(name.strip() for name, _ in sections) == sorted(COMMANDS)


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


CONTRACT = contract.build_document("https://data.example.gov.cn")["paths"]


@pytest.mark.parametrize("path", CONTRACT)
def test_every_route_and_its_parameters_are_documented(path: str) -> None:
    pages = page("api.md") + page("feeds.md")
    assert f"`GET {path}`" in pages or f"`{path}`" in pages
    for parameter in CONTRACT[path]["get"].get("parameters", ()):
        name = parameter["name"]
        assert re.search(rf"`{re.escape(name)}[`=]|{{{re.escape(name)}}}", pages), name


@pytest.mark.parametrize("route", people.routes(Press()), ids=lambda route: route.operation.path)
def test_every_page_is_documented(route: AnyRoute) -> None:
    path = route.operation.path
    stem, _, suffix = path.partition(".")
    if stem in ("/changes", "/commitments", "/effects", "/findings") and suffix in FEED_FORMATS:
        path = f"{stem}.{{form}}"  # in every format of feeds, which a guide adds to
    assert f"| `{path}` |" in page("pages.md")


@pytest.mark.parametrize("kind", problems.KINDS, ids=lambda kind: kind.code)
def test_every_problem_is_documented_with_its_status(kind: ProblemKind) -> None:
    assert f"| `{kind.code}` | {kind.status} |" in page("errors.md")


@pytest.mark.parametrize(
    "kind", [*chain.from_iterable(all_kinds.KINDS_BY_STEP.values())], ids=lambda kind: kind.code
)
def test_every_finding_is_documented_with_its_severity(kind: Kind) -> None:
    assert f"| `{kind.code}` | {kind.severity} |" in page("findings.md")


@cache
def calls(file: Path) -> list[ast.Call]:
    """Calls in a module."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def codes(file: Path, *makers: str) -> set[str]:
    """Error codes in a module: first arguments or ``code=`` of calls of ``makers``."""
    codes_of_errors = set()
    for node in calls(file):
        if isinstance(node.func, ast.Name) and node.func.id in makers:
            arguments = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "code")]
            codes_of_errors |= {
                a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str)
            }
    return codes_of_errors


def codes_of_log() -> set[str]:
    return {c for f in PROJECT.glob("publisher/**/*.py") for c in codes(f, "LogError", "Conflict")}


def codes_of_command() -> set[str]:
    files = (PROJECT / "publisher" / "cli").glob("**/*.py")
    return {c for f in files for c in codes(f, "Failure", "CommandError")}


@pytest.mark.slow
def test_every_refusal_of_the_log_is_documented() -> None:
    for code in sorted(codes_of_log()):
        assert re.search(rf"^\| [^|]*`{code}`[^|]* \|", page("errors.md"), re.M), code


@pytest.mark.slow
def test_every_error_of_the_command_is_documented() -> None:
    for code in sorted(codes_of_command() - codes_of_log()):
        assert re.search(rf"^\| [^|]*`{code}`", page("cli.md"), re.M), code


def test_every_page_is_linked_from_the_readme() -> None:
    pages = {file.name for file in (PROJECT / "docs").glob("*.md")}
    english = {name for name in pages if not name.endswith(".zh-CN.md")}
    chinese = {name.replace(".md", ".zh-CN.md") for name in english} & pages
    without_edition = {name for name in english if name.replace(".md", ".zh-CN.md") not in chinese}
    for readme, names in (("README.md", english), ("README.zh-CN.md", chinese | without_edition)):
        text = (PROJECT / readme).read_text(encoding="utf-8")
        for name in names:
            assert f"docs/{name}" in text, f"{readme}: {name}"


def test_every_page_is_listed_once_in_the_index_on_the_site() -> None:
    listed = [name for _, names in site_documents.GROUPS for name in names]
    assert len(listed) == len(set(listed))
    assert set(listed) == {name for name in site_documents.read_documents() if "/" not in name}


@pytest.mark.parametrize("folder", ["adr", "how-to"])
def test_every_page_of_a_folder_is_linked_from_its_index(folder: str) -> None:
    index = page(f"{folder}/README.md")
    for file in (PROJECT / "docs" / folder).glob("*.md"):
        assert file.name == "README.md" or f"({file.name})" in index, file.name


def test_links_between_the_documents_lead_somewhere() -> None:
    for file in (*PROJECT.glob("*.md"), *DOCUMENTS):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{name_of(file)}: {target}"


def test_every_package_of_the_wheel_tells_type_checkers_that_it_has_types() -> None:
    wheel = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    for package in wheel["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert (PROJECT / package / "py.typed").is_file(), package
