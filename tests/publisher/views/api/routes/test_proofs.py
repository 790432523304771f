"""A stranger's program reads tiles, documents and proofs over HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator

import pytest
from aics_tlog import tiles as foreign
from aics_tlog import tree as foreign_tree

from tests.support.site import FEES, Site, four_releases


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with four_releases(tmp_path_factory.mktemp("home")) as site:
        yield site


class HttpTiles(foreign.MemoryTileReader):
    """Tiles fetched from the site, for the foreign implementation."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def _get(self, path: str) -> bytes:
        answer = self._site.client.get(f"/log/{path}")
        assert answer.status_code == 200, path
        is_full = path.startswith("tile/") and ".p/" not in path
        assert ("immutable" in answer.headers["cache-control"]) == is_full
        return answer.content

    def read_tile(self, level: int, index: int, width: int | None) -> bytes:
        return self._get(foreign.tile_path(level, index, width))

    def read_entry_bundle(self, index: int, width: int | None) -> bytes:
        return self._get(foreign.entry_bundle_path(index, width))


def test_a_foreign_implementation_computes_root_and_proofs_from_the_tiles(site: Site) -> None:
    size = site.log.proofs.size()
    reader = HttpTiles(site)
    bundle = foreign.parse_entry_bundle(reader.read_entry_bundle(0, size))
    tree = foreign_tree.MerkleTree(bundle)
    answer = site.client.get(f"/log/entries/{size - 1}").json()
    assert bytes.fromhex(answer["root"]) == tree.root() == foreign.tree_root_from_tiles(reader, size)
    for position in range(size):
        entry = site.client.get(f"/log/entries/{position}").json()
        hashes = base64.b64decode(entry["hashes"])
        path = [hashes[n : n + 32] for n in range(0, len(hashes), 32)]
        leaf = bytes.fromhex(entry["leaf"])
        assert foreign_tree.verify_inclusion(
            leaf, position, entry["size"], path, bytes.fromhex(entry["root"])
        )
        data = site.client.get(entry["document"].removeprefix(site.log.datasets.site().base)).content
        assert hashlib.sha256(data).hexdigest() == entry["digest"] == bundle[position][4:].hex()
    proof = site.client.get(f"/log/consistency/2/{size}").json()
    hashes = base64.b64decode(proof["hashes"])
    path = [hashes[n : n + 32] for n in range(0, len(hashes), 32)]
    assert foreign_tree.verify_consistency(2, size, tree.root(2), tree.root(), path)


def test_the_document_and_the_manifest_of_a_release_are_served(site: Site) -> None:
    home = f"/v1/datasets/{FEES}/releases/2"
    release = site.client.get(home).json()
    document = site.client.get(f"{home}/document")
    assert hashlib.sha256(document.content).hexdigest() == release["document"] == release["hash"]
    manifest = site.client.get(f"{home}/manifest")
    assert (
        hashlib.sha256(manifest.content).hexdigest()
        == document.json()["manifest"]
        == release["manifest_hash"]
    )
    assert len(manifest.text.splitlines()) == sum(
        count for kind, count in release["counts"].items() if kind in ("added", "changed", "removed")
    )
    entry = site.client.get(release["links"]["entry"].removeprefix(site.log.datasets.site().base)).json()
    assert (entry["kind"], entry["digest"]) == ("release", release["document"])
    assert "actor" not in release["salts"]  # names of clerks are not public by default
    salt = bytes.fromhex(release["salts"]["basis"])
    basis = json.dumps(release["basis"], ensure_ascii=False).encode()
    assert hashlib.sha256(salt + basis).hexdigest() == document.json()["basis"]


@pytest.mark.parametrize(
    "path",
    [
        "/log/entries/999",
        "/log/entries/01",
        "/log/entries/x",
        "/log/consistency/3/2",
        "/log/consistency/1/999",
        f"/log/documents/{'0' * 64}",
        "/log/documents/x",
        "/log/tile/0/000",
        "/log/tile/0/0.p/1",
        "/log/tile/0/000.p/0",
        "/log/tile/0/000.p/999",
        "/log/tile/64/000.p/1",
        "/log/tile/x/000.p/1",
        "/log/tile/0/x000/000.p/1",
        "/log/tile/0/001/000.p/1",
        "/log/tile/entries/001.p/1",
        "/v1/datasets/none/releases/1/document",
        f"/v1/datasets/{FEES}/releases/99/manifest",
    ],
)
def test_what_is_not_there_is_404(site: Site, path: str) -> None:
    answer = site.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
