"""Diagrams of docs/architecture.md show the modules of the import contract and their imports."""

from __future__ import annotations

import re

import grimp
import pytest

from scripts.module_graph import PROJECT, Layers, build_graph, find_arrows, read_contracts

CONTRACTS = tuple(read_contracts())
_PICTURE = re.compile(
    r"^### (?:In `(?P<container>[^`]+)/`|The packages)\n\n```mermaid\n(?P<graph>.*?)```", re.M | re.S
)


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
