"""Chinese texts for readers: punctuation, spaces, and words that the glossary excludes.

Texts are the string literals of the program, the texts of the templates and of the script, the catalogues and
the plan of the sample data. External data (headings in files, recognisers, search vocabulary) is exempt by
its place.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[1]
ROOMS = ("publisher", "search", "feeds", "schemas", "openapi")
HAN = "\u3400-\u9fff"
IS_HAN = re.compile(f"[{HAN}]")
VALUE = "\x00"
"""Placeholder of a value that is inserted into a text."""

RECOGNISERS = (
    "publisher/ingest/documents/commitment_sentences.py",
    "schemas/cells/deadlines.py",
    "publisher/views/api/search_scope.py",
    "publisher/ingest/whole_file_checks.py",
    "publisher/ingest/documents/official_document.py",
    "publisher/ingest/documents/labelled_lines.py",
    "publisher/ingest/documents/letter_parts.py",
    "publisher/ingest/tables/numbered_rows.py",
    "publisher/ingest/documents/section_outline.py",
    "publisher/ingest/documents/page_lines.py",
    "publisher/ingest/record_builder.py",
    "publisher/ingest/documents/relations.py",
    "publisher/ingest/documents/repeal_sentences.py",
    "publisher/ingest/documents/effective_day.py",
    "publisher/ingest/documents/page_numbers.py",
    "publisher/ingest/formats/pdf.py",
    "publisher/ingest/tables/plain_rows.py",
    "publisher/ingest/documents/json_ld.py",
    "publisher/ingest/tables/segmentation.py",
    "publisher/ingest/tables/header_row.py",
    "publisher/harvest/soft_404.py",
    "publisher/harvest/answers/",
    "publisher/views/pages/printing/traditional_phrases.py",
    "schemas/reference/agency_codes.py",
    "schemas/reference/cited_works.py",
    "schemas/reference/citations/",
    "schemas/reference/decision_places.py",
    "schemas/reference/government_levels.py",
    "schemas/reference/government_bodies.py",
    "schemas/reference/document_numbers.py",
    "schemas/reference/legal_bases.py",
    "schemas/reference/quoted_articles.py",
    "schemas/reference/administrative_divisions.py",
    "publisher/ingest/formats/cell_styles/builtin_formats.py",
    "publisher/ingest/formats/number_formats/",
    "schemas/cells/amounts.py",
    "schemas/cells/quantities.py",
    "schemas/cells/spoilt_codes.py",
    "publisher/checks/approval_names.py",
    "publisher/checks/cancellation.py",
    "schemas/cells/time_limits.py",
    "schemas/broken_lines.py",
    "schemas/normalise.py",
    "schemas/cells/values.py",
    "search/chinese/analyzer.py",
    "search/query/field_filters.py",
    "search/find.py",
    "search/hits/highlighter.py",
    "search/query/syntax.py",
    "search/chinese/thesaurus.py",
    "search/query/parser.py",
    "search/ranking/reranker.py",
    "search/evaluation/",
    "search/data/",
    "publisher/sample/data/",
)
"""Modules whose literals occur in external files, pages and queries."""

AS_THEY_ARE: Mapping[str, str] = {
    "鞍政发 2015 34": "a query as people type it",
    "下载 ": "the Latin name of a format follows",
    "订阅 ": "the Latin name of a format follows",
}
"""Text → reason why the rules do not apply to it."""

RULES: Mapping[str, re.Pattern[str]] = {
    "half-width punctuation": re.compile(rf"[{HAN}][,;:?!()]|[,;:?!()][{HAN}]"),
    "corner brackets": re.compile("[「」『』]"),
    "a blank between Han and a number": re.compile(
        rf"[{HAN}] \d|(?:^|[{HAN}，。；：“（、])\d[\d,.]* [{HAN}]"
    ),
    "a blank beside a count": re.compile(rf"第 |{VALUE} (?:[个次项条行件处页种天份层]|字节)"),
    "a blank at an edge": re.compile(rf"[{HAN}] $|^ [{HAN}]"),
    "no blank between Han and a Latin word": re.compile(rf"[{HAN}][A-Za-z]{{2,}}|[A-Za-z]{{2,}}[{HAN}]"),
}


def texts() -> Iterator[tuple[str, str]]:
    """Places and Chinese texts; of a text in two languages one half at a time."""
    for place, text in (*of_python(), *of_templates(), *of_script(), *of_catalogues(), *of_plan()):
        for half in halves(text):
            yield place, half


def halves(text: str) -> Iterator[str]:
    """Chinese parts of ``中文 / English`` or of paragraphs in both; an English part may quote Chinese."""
    for part in re.split(r" / (?=[A-Za-z`/-])|。/ |\n\n", text):
        words = len(re.findall(r"[A-Za-z]{2,}", part))
        if len(IS_HAN.findall(part)) > words:
            yield part


def of_python() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for file in sorted((PROJECT / room).rglob("*.py")):
            path = str(file.relative_to(PROJECT))
            if not path.startswith(RECOGNISERS):
                yield from of_module(path, ast.parse(file.read_text(encoding="utf-8")))


def of_module(path: str, tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Texts of a module without docstrings, except those of commands and structs, which begin in Chinese."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            text = str(node.value.value)
            if IS_HAN.match(text):
                yield f"{path}:{node.lineno}", text
        elif isinstance(node, ast.JoinedStr):
            text = "".join(str(v.value) if isinstance(v, ast.Constant) else VALUE for v in node.values)
            yield f"{path}:{node.lineno}", text
            for value in node.values:
                if isinstance(value, ast.FormattedValue):
                    yield from of_module(path, value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield f"{path}:{node.lineno}", re.sub(r"\{\w*(?:\[\d\])?\}", VALUE, node.value)
        elif not is_pattern(node):
            yield from of_module(path, node)


def is_pattern(node: ast.AST) -> bool:
    """Whether a call is ``re.compile(…)`` or similar."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
    )


def of_templates() -> Iterator[tuple[str, str]]:
    for file in sorted((PROJECT / "publisher").rglob("*.html")):
        path = str(file.relative_to(PROJECT))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            literals = re.findall(r"""\bt\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", line)
            rest = re.sub(r"\{[{%#].*?[}%#]\}", VALUE, line)
            for text in (*(t[1:-1] for t in literals), *re.findall(r"[^<>=\"]+", rest)):
                yield f"{path}:{number}", text


def of_script() -> Iterator[tuple[str, str]]:
    for file in sorted((PROJECT / "publisher").rglob("site.js")):
        for text in re.findall(r"""say\((".*?"|`.*?`),""", file.read_text(encoding="utf-8")):
            yield file.name, re.sub(r"\$\{.*?\}", VALUE, text[1:-1])


def of_catalogues() -> Iterator[tuple[str, str]]:
    for file in sorted((PROJECT / "schemas" / "catalogues").glob("*.json")):
        yield from of_catalogue(file.name, json.loads(file.read_text(encoding="utf-8")))


def of_catalogue(place: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            for name in ("title", "description", "item", "zh"):
                if isinstance(value.get(name), str):
                    yield place, value[name]
            for one in value.values():
                yield from of_catalogue(place, one)
        case list():
            for one in value:
                yield from of_catalogue(place, one)


def of_plan() -> Iterator[tuple[str, str]]:
    files = [PROJECT / "publisher" / "sample" / name for name in ("plan.toml", "commitments.toml")]
    plans = [(file, tomllib.loads(file.read_text(encoding="utf-8"))) for file in files]
    for file, dataset in ((file, dataset) for file, plan in plans for dataset in plan["dataset"]):
        for one in (dataset, *dataset["step"]):
            for name in (
                "title",
                "description",
                "notice",
                "source_note",
                "note",
                "reason",
                "body",
                "contact",
            ):
                if name in one:
                    yield f"{file.name}:{dataset['name']}", one[name]


PHRASES: Mapping[str, str] = {
    "数据库": "a database server",
    "国库": "the treasury",
    "正文目录": "the table of contents of a document",
    "目录清单": "part of official titles",
    "收费和基金目录": "part of official titles",
    "JSON 结构": "the structure of a file",
    "收费项目": "the official name of a charge in a list",
    "一条记录": "a record in technical text; 一条 by itself is not its name",
    "一条目": "本条目, 这一条目",
    "修改时间": "the Last-Modified of HTTP",
    "一次修正": "the amendment of a law",
    "司法解释": "a kind of statute",
    "验证码": "the code of an authenticator, as every bank calls it",
    "验证器": "an authenticator",
    "信任列表": "the list of trusted certificates",
    "加入 sources.toml": "a setting is added",
    "加入本机": "a setting is added",
    "请勿加入": "a setting is not added",
}
"""Phrase → reason why it may contain an excluded word; terms of the glossary may, too."""

_OFFICIAL = "the domain's own word, in official titles of lists and their columns and in what describes them"
_PAGE = "the page of a source that lists its documents"
PLACES: Mapping[str, Mapping[str, str]] = {
    "目录": dict.fromkeys(
        (
            *("fees.json", "intermediary-services.json", "investment-approvals.json", "pre-approvals.json"),
            *("qualifications.json", "service-guides.json", "plan.toml"),
        ),
        _OFFICIAL,
    ),
    "项目": dict.fromkeys(
        (
            *("cancelled-items.json", "fees.json", "government-funds.json", "intermediary-services.json"),
            *("investment-approvals.json", "pre-approvals.json", "support-policies.json"),
            *("support-recipients.json", "plan.toml"),
        ),
        _OFFICIAL,
    ),
    "机构": dict.fromkeys(
        (
            *("intermediary-services.json", "investment-approvals.json", "power-list.json"),
            "responsibility-list.json",
        ),
        _OFFICIAL,
    ),
    "主体": dict.fromkeys(
        ("discretion-standards.json", "responsibility-list.json", "service-guides.json", "spot-checks.json"),
        _OFFICIAL,
    ),
    "录入人": {
        "power-list.json": _OFFICIAL,
        "responsibility-list.json": _OFFICIAL,
        "service-guides.json": _OFFICIAL,
        "publisher/ingest/findings/tables.py": "a heading of that column, as an example",
    },
    "一条": {"policies.json": "each document is one row"},
    "增加": {"policies.json": "a list that only grows"},
    "列表": {
        "publisher/cli/commands/operation/harvest.py": _PAGE,
        "publisher/ingest/findings/harvest.py": _PAGE,
        "publisher/ingest/findings/documents.py": _PAGE,
        "publisher/harvest/crawl.py": _PAGE,
        "publisher/views/ogc/cql2/to_predicate.py": "a value of several items",
    },
    "撤销": {
        "publisher/cli/commands/publishing/datasets.py": "a department that was abolished",
        "publisher/desk/pages/templates/dataset.html": "a department that was abolished",
    },
    "撤回": {
        **dict.fromkeys(("publisher/views/api/", "publisher/web/problems.py"), "the frozen contract"),
        "publisher/desk/": "the act of a clerk, beside its name 撤回公布",
        "publisher/cli/commands/publishing/amendments.py": "the verb, after its name 撤回公布",
        "feeds/change_sentence.py": "the verb of a sentence that says what was listed by mistake",
        "publisher/ingest/findings/harvest.py": "a source site took its document back",
    },
    "数据表": {"publisher/views/pages/templates/dataset.html": "the table of numbers beside a chart"},
}
"""Word → place → reason why it occurs there."""

NOT_SEEN: Mapping[str, str] = {
    "列": "ruled out for a field; it is a column of a table and a verb (列出)",
    "部分": "ruled out for a part; it is an everyday word (开头部分)",
    "公布": "ruled out as the noun of a release; it is what a government does",
    "销毁": "ruled out as the name of an erasure; an effect may be told",
    "发现": "ruled out as the noun of a finding; it is a verb",
    "版本": "ruled out for a revision; states that are compared, programs and files have versions",
    "错误": "ruled out for what a cross-check finds; programs and files have errors",
    "删除": "ruled out for a removal; files, rows and addresses are deleted",
}
"""Word → reason why no program can recognise its excluded sense."""


@cache
def chinese_texts() -> Sequence[tuple[str, str]]:
    return [(place, text) for place, text in texts() if IS_HAN.search(text) and text not in AS_THEY_ARE]


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_punctuation_and_spaces_are_those_of_chinese(rule: str) -> None:
    broken = [(place, text) for place, text in chinese_texts() if RULES[rule].search(text)]
    assert not broken


@pytest.mark.slow
def test_no_word_that_the_glossary_rules_out_is_used() -> None:
    terms, words = glossary()
    allowed = sorted({*terms, *PHRASES}, key=len, reverse=True)
    strip = re.compile("|".join(map(re.escape, allowed)))
    broken = [
        (word, place, text)
        for place, text in chinese_texts()
        for rest in [strip.sub(VALUE, text)]
        for word in words
        if word in rest and not any(place.startswith(p) for p in PLACES.get(word, ()))
    ]
    assert not broken


def test_every_exception_is_of_a_word_that_is_ruled_out() -> None:
    _, words = glossary()
    assert set(PLACES) <= words
    assert all(any(word in phrase for word in words) for phrase in PHRASES)
    ruled_out = {word for row in rows() for word in excluded_words(row)}
    assert set(NOT_SEEN) <= ruled_out


def glossary() -> tuple[set[str], set[str]]:
    """Terms to use, and excluded words, without those that a program cannot judge.

    Brackets before the end hold a part of the term: 撤回（删除）说明 is no term 撤回.
    """
    terms, words = set(), set()
    for row in rows():
        names = re.sub(rf"[{HAN}]+（([{HAN}]+)）(?=[{HAN}])", r"\1", row[1])
        terms |= {
            term for term in re.split(r"[（）；，、／：]", names) if len(term) > 1 and IS_HAN.search(term)
        }
        words |= excluded_words(row)
    return terms, words - set(NOT_SEEN)


def excluded_words(row: list[str]) -> set[str]:
    """Excluded words without qualifiers.

    ``目录（单用）`` is 目录 alone, because terms that contain it are removed first.
    """
    words = (re.sub("（.*", "", word).strip() for word in row[3].split(","))
    return {word for word in words if IS_HAN.search(word)}


def rows() -> Iterator[list[str]]:
    for line in (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4:
            yield cells
