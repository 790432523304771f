#!/usr/bin/env python3
"""Count the definitions whose name is a bare participle, or a word that says nothing of the type.

``python scripts/count_names.py``: a table by package; ``--list`` prints every definition as
``file:line:column kind scope name``; ``--json`` prints the same counts for a program; ``--bar 250`` ends with
status 1 when more names than that are a participle alone.

A definition is the first binding of a name in one scope: a variable, loop or comprehension variable, target
of ``with``, ``except``, ``:=`` or ``case``, argument, function, class, field (also ``self.name = ...``), type
parameter, or a name that an import gives with ``as``. Leading underscores are ignored.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

type Group = Literal["participle", "part", "generic"]

PACKAGES = ("publisher", "search", "feeds", "schemas", "openapi", "tests", "benchmarks")
PARTICIPLES = frozenset(
    [
        "found",
        "asked",
        "known",
        "shown",
        "told",
        "kept",
        "made",
        "given",
        "held",
        "seen",
        "said",
        "named",
        "wanted",
        "read",
        "taken",
        "left",
        "done",
        "met",
        "put",
        "gone",
        "written",
        "passed",
        "counted",
    ]
)
GENERIC = frozenset(["result", "data", "value", "item", "obj", "tmp"])
GROUPS: tuple[Group, ...] = ("participle", "part", "generic")
_HEADINGS = ("participle alone", "first or last part", "generic word")
_BINDS_AS = {
    "AsyncFunctionDef": "FunctionDef",
    "SetComp": "ListComp",
    "DictComp": "ListComp",
    "GeneratorExp": "ListComp",
    "AsyncFor": "For",
    "MatchStar": "MatchAs",
    "ParamSpec": "TypeVar",
    "TypeVarTuple": "TypeVar",
}
"""Kind of node → kind that binds names in the same way."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@dataclass(frozen=True)
class Definition:
    """One name bound in one scope; ``column`` counts from 1, like editors."""

    path: str
    line: int
    column: int
    kind: str
    scope: str
    name: str

    @property
    def package(self) -> str:
        """First folder of the path."""
        return self.path.split("/", 1)[0]

    def __str__(self) -> str:
        """Position, kind, scope and name, as ``--list`` prints them."""
        return f"{self.path}:{self.line}:{self.column} {self.kind} {self.scope} {self.name}"


@dataclass
class Scope:
    """A module, class, function, lambda or comprehension while it is walked."""

    name: str
    kind: Literal["module", "class", "function", "comprehension"]
    names: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    """Names that ``global`` or ``nonlocal`` binds in another scope."""


class Collector(ast.NodeVisitor):
    """Collect every definition of one module."""

    def __init__(self, path: str) -> None:
        """Start at the scope of the module."""
        self.path = path
        self.scopes = [Scope("<module>", "module")]
        self.definitions: list[Definition] = []
        self.kind = "variable"

    def visit(self, node: ast.AST) -> None:
        """Walk a node with the method of its kind, or of the kind that binds alike."""
        kind = type(node).__name__
        walk: Callable[[ast.AST], None] = getattr(
            self, f"visit_{_BINDS_AS.get(kind, kind)}", self.generic_visit
        )
        walk(node)

    def bind(self, node: ast.AST, name: str, kind: str, scope: Scope | None = None) -> None:
        """Add a definition unless its scope has the name already; a plain import gives none."""
        scope = scope or self.scopes[-1]
        if name in scope.names or name in scope.elsewhere:
            return
        scope.names.add(name)
        if kind == "variable" and scope.kind == "class":
            kind = "field"
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        self.definitions.append(Definition(self.path, line, column, kind, scope.name, name))

    @contextmanager
    def inside(self, name: str, kind: Literal["class", "function", "comprehension"]) -> Iterator[None]:
        """Walk in a scope of its own."""
        outer = self.scopes[-1]
        qualified = name if outer.kind == "module" else f"{outer.name}.{name}"
        outside, self.kind = self.kind, "variable"
        self.scopes.append(Scope(qualified, kind))
        yield
        self.scopes.pop()
        self.kind = outside

    def target(self, node: ast.AST | None, kind: str) -> None:
        """Walk a target whose names are bound as ``kind``."""
        if node is not None:
            outside, self.kind = self.kind, kind
            self.visit(node)
            self.kind = outside

    def visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        """Walk several nodes, absent ones left out."""
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        """Bind the name where it is stored."""
        if isinstance(node.ctx, ast.Store):
            self.bind(node, node.id, self.kind)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Bind ``self.name`` as a field of the nearest class."""
        owner = node.value
        if isinstance(node.ctx, ast.Store) and isinstance(owner, ast.Name) and owner.id in {"self", "cls"}:
            for scope in reversed(self.scopes):
                if scope.kind == "class":
                    self.bind(node, node.attr, "field", scope)
                    break
        self.visit(owner)

    def visit_Global(self, node: ast.Global) -> None:
        """Bind the names in the module only."""
        self.scopes[-1].elsewhere.update(node.names)
        for name in node.names:
            self.bind(node, name, "variable", self.scopes[0])

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        """Leave the names to the function that binds them."""
        self.scopes[-1].elsewhere.update(node.names)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Bind the function here, its arguments and variables inside."""
        kind = "method" if self.scopes[-1].kind == "class" else "function"
        self.bind(node, node.name, kind)
        self.visit_all([*node.decorator_list, *node.args.defaults, *node.args.kw_defaults])
        with self.inside(node.name, "function"):
            self.visit_all(node.type_params)
            self.bind_arguments(node.args)
            self.visit_all(node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Bind the arguments in the scope of the lambda."""
        self.visit_all([*node.args.defaults, *node.args.kw_defaults])
        with self.inside("<lambda>", "function"):
            self.bind_arguments(node.args)
            self.visit(node.body)

    def bind_arguments(self, arguments: ast.arguments) -> None:
        """Bind each argument of a function or lambda."""
        plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for argument in [*plain, arguments.vararg, arguments.kwarg]:
            if argument is not None:
                self.bind(argument, argument.arg, "argument")

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Bind the class here, its fields and methods inside."""
        self.bind(node, node.name, "class")
        self.visit_all([*node.decorator_list, *node.bases, *node.keywords])
        with self.inside(node.name, "class"):
            self.visit_all([*node.type_params, *node.body])

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        """Bind the variables of the generators in a scope of the comprehension."""
        results = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        with self.inside("<comprehension>", "comprehension"):
            for generator in node.generators:
                self.visit(generator.iter)
                self.target(generator.target, "comprehension variable")
                self.visit_all(generator.ifs)
            self.visit_all(results)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        """Bind the loop variables."""
        self.target(node.target, "loop variable")
        self.visit_all([node.iter, *node.body, *node.orelse])

    def visit_withitem(self, node: ast.withitem) -> None:
        """Bind what follows ``as``."""
        self.visit(node.context_expr)
        self.target(node.optional_vars, "with target")

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Bind the exception."""
        if node.name:
            self.bind(node, node.name, "except target")
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Bind in the nearest scope that is not a comprehension."""
        scope = next(scope for scope in reversed(self.scopes) if scope.kind != "comprehension")
        self.bind(node.target, node.target.id, "walrus target", scope)
        self.visit(node.value)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        """Bind a capture of ``case``."""
        if node.name:
            self.bind(node, node.name, "match target")
        self.generic_visit(node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        """Bind what takes the rest of a mapping."""
        if node.rest:
            self.bind(node, node.rest, "match target")
        self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> None:
        """Bind a name that the import chooses; one it only takes over is another module's definition."""
        if node.asname and node.asname != node.name:
            self.bind(node, node.asname, "import")
        else:
            self.scopes[-1].names.add(node.name.split(".", 1)[0])

    def visit_TypeVar(self, node: ast.TypeVar | ast.ParamSpec | ast.TypeVarTuple) -> None:
        """Bind a type parameter."""
        self.bind(node, node.name, "type parameter")
        self.generic_visit(node)


def group_of(name: str) -> Group | None:
    """Group that a name counts in, or None for one that says more."""
    parts = [part.lower() for part in _WORD.findall(name)]
    if not parts:
        return None
    if len(parts) == 1 and parts[0] in PARTICIPLES:
        return "participle"
    if len(parts) == 1 and parts[0] in GENERIC:
        return "generic"
    return "part" if PARTICIPLES.intersection((parts[0], parts[-1])) else None


def definitions_of(path: Path, root: Path) -> list[Definition]:
    """Definitions of one file, in the order of its lines."""
    collector = Collector(path.relative_to(root).as_posix())
    collector.visit(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))
    return sorted(collector.definitions, key=lambda definition: (definition.line, definition.column))


def python_files(root: Path) -> Iterator[Path]:
    """Python files of the packages, none of hidden or installed folders."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).parts
            if "node_modules" not in parts and not any(part.startswith(".") for part in parts):
                yield path


def print_table(groups: dict[Group, list[Definition]], total: Counter[str]) -> None:
    """Print the counts by package, then the participles by word and by kind."""
    by_package = [Counter(definition.package for definition in groups[group]) for group in GROUPS]
    print(f"{'package':12}{'definitions':>12}" + "".join(f"{heading:>20}" for heading in _HEADINGS))
    for package in PACKAGES:
        print(f"{package:12}{total[package]:12,}" + "".join(f"{count[package]:20,}" for count in by_package))
    print(f"{'total':12}{total.total():12,}" + "".join(f"{count.total():20,}" for count in by_package))
    code = [package for package in PACKAGES if package != "tests"]
    sums = [sum(count[package] for package in code) for count in (total, *by_package)]
    print(f"{'no tests':12}{sums[0]:12,}" + "".join(f"{number:20,}" for number in sums[1:]))
    alone = groups["participle"]
    words = Counter(definition.name.strip("_").lower() for definition in alone)
    kinds = Counter(definition.kind for definition in alone)
    for title, counts in (("by word", words), ("by kind", kinds)):
        print(f"\n{title}: " + ", ".join(f"{name} {count:,}" for name, count in counts.most_common()))


def main() -> int:
    """Count and print; the status is 1 when there are more than ``--bar``."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--list", action="store_true", help="print every definition of --group")
    parser.add_argument("--group", choices=GROUPS, default="participle", help="default: participle")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.add_argument("--bar", type=int, help="most names that may be a participle alone")
    options = parser.parse_args()

    groups: dict[Group, list[Definition]] = {group: [] for group in GROUPS}
    total: Counter[str] = Counter()
    for path in python_files(options.root):
        for definition in definitions_of(path, options.root):
            total[definition.package] += 1
            if group := group_of(definition.name):
                groups[group].append(definition)
    if options.list:
        print(*groups[options.group], sep="\n")
    elif options.json:
        counts = {
            group: Counter(definition.package for definition in definitions)
            for group, definitions in groups.items()
        }
        print(json.dumps({"definitions": total, **counts}, indent=2))
    else:
        print_table(groups, total)
    return int(options.bar is not None and len(groups["participle"]) > options.bar)


if __name__ == "__main__":
    sys.exit(main())
