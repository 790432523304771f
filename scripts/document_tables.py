"""Write the tables that documents copy from the code: ``make docs``.

A table is between ``<!-- table: NAME -->`` and ``<!-- end -->``; everything else is written by hand.
``tests/test_docs.py`` fails where a document differs from what this module writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import click

from feeds.change import FEED_KINDS
from feeds.value_direction import DIRECTION_TERMS
from publisher import variables
from publisher.checks.all_checks import CHECKS
from publisher.cli.root import root
from publisher.cli.terminal.exit_codes import Exit
from publisher.ingest.findings.all_kinds import KINDS_BY_STEP
from publisher.ingest.findings.kind import Kind
from publisher.views.api import contract
from publisher.views.exports.formats import FILE_FORMATS
from publisher.views.syndication.formats import FEED_FORMATS
from publisher.web import problems
from schemas import words
from schemas.definition import file_loader as catalogues
from scripts.module_graph import PROJECT, write_module_graphs

_TABLE = re.compile(r"(?P<start><!-- table: (?P<name>[^\n]+?) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)
_EXIT = re.compile(r"^  (\d+) +(\S.*) / (\S.*)$", re.MULTILINE)
_CHINESE_HEADINGS = {
    "code": "代码",
    "severity": "程度",
    "status": "状态码",
    "`type` ends in": "`type` 的末段",
    "example": "示例",
    "option": "选项",
    "version": "版本",
    "name": "名称",
    "English": "英文",
    "a record is identified by": "识别字段",
}
_CELL = re.compile(r"(?<!\\) \| ")
_CHINESE_AND_ENGLISH = re.compile(
    r"^(?P<zh>[^/]*[\u4e00-\u9fff].*?) / .*?(?P<mark> \*\*必填 / required\*\*)?$"
)


def tables() -> Mapping[str, Callable[[], str]]:
    """Return the tables: name → function that writes it."""
    findings = {
        f"findings {step}": lambda kinds=kinds: write_findings(kinds) for step, kinds in KINDS_BY_STEP.items()
    }
    commands = {
        path.removeprefix("qingdan "): lambda command=command: write_command(command)
        for path, command in find_commands(root, "qingdan")
    }
    return {
        **findings,
        **{f"command {path}": write for path, write in commands.items()},
        "checks": write_checks,
        "problems": write_problems,
        "settings": write_settings,
        "exit codes": write_exit_codes,
        "kinds of change": write_kinds_of_change,
        "catalogues": write_catalogues,
        "file formats": write_file_formats,
        "feed formats": write_feed_formats,
        "versions of the API": write_api_versions,
        "modules": write_module_graphs,
    }


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table in GitHub's Markdown."""
    names = list(headings)
    lines = [_line(names), "|" + "---|" * len(names), *(_line(row) for row in rows)]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    escaped = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(escaped) + " |"


def write_findings(kinds: Iterable[Kind]) -> str:
    return table(
        ("code", "severity", "说明 / meaning", "处理办法 / what to do", "example"),
        (
            (
                f"`{kind.code}`",
                kind.severity,
                f"{kind.zh} / {kind.en}",
                f"{kind.way_out_zh} / {kind.way_out_en}",
                kind.example,
            )
            for kind in kinds
        ),
    )


def write_checks() -> str:
    return table(
        ("code", "severity", "说明 / meaning", "处理办法 / what to do"),
        (
            (
                f"`{check.code}`",
                f"`{rule.severity}`",
                f"{rule.message.zh} / {rule.message.en}",
                f"{check.way_out.zh} / {check.way_out.en}",
            )
            for check in CHECKS
            for rule in check.rules
        ),
    )


def write_problems() -> str:
    return table(
        ("`type` ends in", "status", "说明 / meaning", "处理办法 / what to do"),
        (
            (f"`{k.code}`", str(k.status), f"{k.title} / {k.title_en}", f"{k.advice} / {k.advice_en}")
            for k in problems.KINDS
        ),
    )


def write_settings() -> str:
    return table(
        ("variable", "default", "说明 / meaning"),
        ((f"`{v.name}`", v.default or "none", f"{v.zh} / {v.en}") for v in variables.VARIABLES),
    )


def write_exit_codes() -> str:
    """Write the table from the help of the command, which lists each :class:`Exit`."""
    rows = _EXIT.findall(root.help or "")
    missing = {code.value for code in Exit} - {int(number) for number, _, _ in rows}
    if missing:
        raise ValueError(f"the help of qingdan does not list the exit codes {sorted(missing)}")
    return table(("code", "说明 / meaning"), ((number, f"{zh} / {en}") for number, zh, en in rows))


def write_kinds_of_change() -> str:
    return table(
        ("kind (category term)", "中文"),
        (
            *((f"`{kind}`", words.KINDS[kind].zh) for kind in FEED_KINDS),
            *((f"`{term}`", words.DIRECTIONS[term].zh) for term in DIRECTION_TERMS),
        ),
    )


def write_catalogues() -> str:
    return table(
        ("name", "中文", "English", "a record is identified by"),
        (
            (
                f"`{c.name}`",
                c.title,
                c.title_en + (" (running)" if c.running else ""),
                "; else ".join(", ".join(f"`{name}`" for name in fields) for fields in c.identity),
            )
            for c in map(catalogues.load_catalogue, catalogues.list_names())
        ),
    )


def write_file_formats() -> str:
    return table(
        ("`form`", "标题 / title", "media type"),
        ((f"`{f.name}`", f.title, f"`{f.media_type}`") for f in FILE_FORMATS.values()),
    )


def write_feed_formats() -> str:
    return table(
        ("format", "media type", "addresses"),
        (
            (
                f.title,
                f"`{f.media_type}`",
                ", ".join(f"`/feeds/{name}.{f.suffix}`" for name in ("{dataset}", "search", "sources")),
            )
            for f in FEED_FORMATS.values()
        ),
    )


def write_api_versions() -> str:
    rows = ((f"`{version}`", f"{zh} / {en}") for version, (zh, en) in contract.VERSIONS.items())
    return table(("version", "说明 / meaning"), rows)


def find_commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, which a mere group does not, with the words that call it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    if command.invoke_without_command:
        yield path, command
    for name, member in command.commands.items():
        yield from find_commands(member, f"{path} {name}")


def write_command(command: click.Command) -> str:
    """Write the help of a command, then a table of its options."""
    text = " ".join((command.help or "").split())
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if not options:
        return text
    rows = (
        (f"`{o.opts[0]}`", (o.help or "") + (" **必填 / required**" if o.required else "")) for o in options
    )
    return f"{text}\n\n{table(('option', '说明 / meaning'), rows)}"


def fill(text: str, *, chinese: bool = False) -> str:
    """Return the text of a document with each table written again; ``chinese``: without English.

    Raises ``KeyError`` for a table without a writer.
    """
    writers = _writers()

    def write(match: re.Match[str]) -> str:
        table_text = writers[match["name"]]()
        return f"{match['start']}{_keep_chinese(table_text) if chinese else table_text}\n{match['end']}"

    return _TABLE.sub(write, text)


def _keep_chinese(table_text: str) -> str:
    """Keep the Chinese half of what is written as ``中文 / English``."""
    return "\n".join(
        _line(_chinese_cell(cell) for cell in _CELL.split(line.strip("| ")))
        if line.startswith("| ")
        else _chinese_cell(line)
        for line in table_text.splitlines()
    )


def _chinese_cell(cell: str) -> str:
    cell = cell.replace("\\|", "|")
    match = _CHINESE_AND_ENGLISH.match(cell)
    if match is None:
        return _CHINESE_HEADINGS.get(
            cell, cell.replace("; else ", "；否则 ").replace(" (running)", "（只增不减）")
        )
    return match["zh"] + (" **必填**" if match["mark"] else "")


@cache
def _writers() -> Mapping[str, Callable[[], str]]:
    return {name: cache(write) for name, write in tables().items()}


def documents() -> Iterator[Path]:
    """Yield the paths of all documents."""
    yield from sorted((PROJECT / "docs").glob("**/*.md"))


def is_chinese(document: Path) -> bool:
    return document.name.endswith(".zh-CN.md")


def main() -> None:
    for document in documents():
        text = document.read_text(encoding="utf-8")
        filled = fill(text, chinese=is_chinese(document))
        if filled != text:
            document.write_text(filled, encoding="utf-8")
            click.echo(document.relative_to(PROJECT))


if __name__ == "__main__":
    main()
