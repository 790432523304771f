"""The import contract as Mermaid graphs: a node for each module, an arrow for each import that exists."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import grimp

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Layers:
    """A layers contract of import-linter in one container."""

    container: str
    """Empty where the layers are top-level packages."""
    layers: tuple[tuple[str, ...], ...]
    """The highest first; modules of one layer do not import one another."""

    @property
    def modules(self) -> tuple[str, ...]:
        return tuple(module for layer in self.layers for module in layer)

    def full_name(self, module: str) -> str:
        return f"{self.container}.{module}" if self.container else module

    def height(self, module: str) -> int:
        """Return the number of the layer of a module; 0 is the highest."""
        return next(index for index, layer in enumerate(self.layers) if module in layer)


def read_settings() -> Mapping[str, Any]:
    """Read the settings of import-linter."""
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    settings: Mapping[str, Any] = tomllib.loads(text)["tool"]["importlinter"]
    return settings


def read_contracts() -> Iterator[Layers]:
    """Yield each layers contract, once for each of its containers."""
    for contract in read_settings()["contracts"]:
        if contract["type"] == "layers":
            layers = tuple(tuple(_modules_of_layer(layer)) for layer in contract["layers"])
            for container in contract.get("containers", [""]):
                yield Layers(container, layers)


def _modules_of_layer(layer: str) -> Iterator[str]:
    """Yield the modules of a layer, ``(api) | pages``; brackets mark one that may be absent."""
    for module in layer.replace(":", "|").split("|"):
        yield module.strip().strip("()").strip()


def build_graph() -> grimp.ImportGraph:
    settings = read_settings()
    packages = settings.get("root_packages") or [settings["root_package"]]
    return grimp.build_graph(
        *packages,
        cache_dir=None,
        exclude_type_checking_imports=settings.get("exclude_type_checking_imports", False),
    )


def find_arrows(graph: grimp.ImportGraph, contract: Layers) -> Sequence[tuple[str, str]]:
    """Return (importer, imported) for each two modules of the contract; a package includes its contents."""
    present = [module for module in contract.modules if contract.full_name(module) in graph.modules]
    return [
        (importer, imported)
        for importer, imported in permutations(present, 2)
        if graph.direct_import_exists(
            importer=contract.full_name(importer), imported=contract.full_name(imported), as_packages=True
        )
    ]


def to_mermaid(graph: grimp.ImportGraph, contract: Layers) -> str:
    """Write a contract as a flowchart of Mermaid."""
    lines = ["```mermaid", "flowchart TD"]
    lines += (f'    {_node(module)}["{_label(contract, module)}"]' for module in contract.modules)
    lines += (f"    {_node(a)} --> {_node(b)}" for a, b in find_arrows(graph, contract))
    return "\n".join([*lines, "```"])


def _label(contract: Layers, module: str) -> str:
    folder = PROJECT / contract.full_name(module).replace(".", "/")
    return f"{module}/" if folder.is_dir() else f"{module}.py"


def _node(module: str) -> str:
    """Return the name of a node. Mermaid reserves some words, such as ``end``, but none with a prefix."""
    return "m_" + module.replace(".", "_")


def write_module_graphs() -> str:
    """Write the graph of each contract under a heading of its own, in the order of ``pyproject.toml``."""
    graph = build_graph()
    blocks = []
    for contract in read_contracts():
        heading = f"In `{contract.container.replace('.', '/')}/`" if contract.container else "The packages"
        blocks.append(f"### {heading}\n\n{to_mermaid(graph, contract)}")
    return "\n\n".join(blocks)
