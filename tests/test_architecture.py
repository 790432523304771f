"""Rooms stay small, and docs/architecture.md shows the modules and imports of the import contract."""

from __future__ import annotations

import re
from collections import Counter

import grimp
import pytest

from scripts.module_graph import PROJECT, Layers, build_graph, find_arrows, read_contracts

CONTRACTS = tuple(read_contracts())
_PICTURE = re.compile(
    r"^### (?:In `(?P<container>[^`]+)/`|The packages)\n\n```mermaid\n(?P<graph>.*?)```", re.M | re.S
)
ROOMS = ("publisher", "schemas", "feeds", "search", "openapi", "scripts", "benchmarks", "tests")
_MOST_MODULES, _MOST_LINES = 16, 400
_MIGRATIONS = PROJECT / "publisher" / "log" / "database" / "migrations" / "versions"
"""Only grows: one module for each change of the tables."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return build_graph()


def read_pictures() -> dict[str, str]:
    """Mermaid text of each container in the document."""
    text = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return {(match["container"] or "").replace("/", "."): match["graph"] for match in _PICTURE.finditer(text)}


def test_there_is_a_picture_for_every_layers_contract() -> None:
    assert list(read_pictures()) == [contract.container for contract in CONTRACTS]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.container or "packages")
def test_a_picture_has_the_modules_of_its_contract_and_their_imports(
    contract: Layers, graph: grimp.ImportGraph
) -> None:
    picture = read_pictures()[contract.container]
    labels = dict(re.findall(r'^    (\w+)\["([\w.]+?)(?:/|\.py)"\]$', picture, re.M))
    assert list(labels.values()) == list(contract.modules)
    arrows = re.findall(r"^    (\w+) --> (\w+)$", picture, re.M)
    assert {(labels[a], labels[b]) for a, b in arrows} == set(find_arrows(graph, contract))
    for importer, imported in arrows:
        assert contract.height(labels[importer]) < contract.height(labels[imported]), (importer, imported)


ONE_THREAD = (
    "publisher/cli/",
    "publisher/sample/",
    "publisher/ingest/formats/sandbox/",
    "search/evaluation/",
)
"""Programs and processes in which one thread decodes."""


def test_structs_are_decoded_by_decoders_that_are_made_once() -> None:
    """Two threads that resolve a struct for the first time end the process, see test_catalogue."""
    found = []
    for room in ("publisher", "search", "schemas", "feeds", "openapi"):
        for path in sorted((PROJECT / room).rglob("*.py")):
            place = path.relative_to(PROJECT).as_posix()
            if not place.startswith(ONE_THREAD):
                text = path.read_text(encoding="utf-8")
                found += [
                    (place, call) for call in re.findall(r"msgspec\.\w+\.decode\(.*type=_?[A-Z]\w+", text)
                ]
    assert found == []


def test_no_module_is_long_and_no_folder_has_many() -> None:
    modules = [
        module
        for room in ROOMS
        for module in (PROJECT / room).rglob("*.py")
        if module.name != "__init__.py" and "node_modules" not in module.parts
    ]
    folders = Counter(module.parent for module in modules)
    del folders[_MIGRATIONS]
    assert {str(folder): count for folder, count in folders.items() if count > _MOST_MODULES} == {}
    lengths = {str(module): len(module.read_bytes().splitlines()) for module in modules}
    assert {module: length for module, length in lengths.items() if length > _MOST_LINES} == {}
