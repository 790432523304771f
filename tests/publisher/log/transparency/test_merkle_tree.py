"""The tree and its proofs agree with two foreign implementations; no forged proof is accepted."""

from __future__ import annotations

import base64
import random

import pytest
from aics_tlog import tiles as foreign_tiles
from aics_tlog import tree as foreign_tree
from pymerkle import InmemoryTree
from pymerkle import proof as foreign_proof

from publisher.log.transparency import merkle_tree
from publisher.log.transparency.merkle_tree import MerkleTree

SIZES = range(1, 301)
LEAVES = [n.to_bytes(36) for n in range(max(SIZES))]


class Tiles(dict[tuple[int, int], bytes]):
    """Tiles in memory."""

    def read(self, level: int, number: int) -> bytes:
        return self[level, number]

    def write(self, level: int, number: int, hashes: bytes) -> None:
        self[level, number] = hashes

    def append(self, entry: bytes, size: int) -> None:
        merkle_tree.append_leaf(self.read, self.write, size, merkle_tree.leaf_hash(entry))

    def tree(self, size: int) -> MerkleTree:
        return MerkleTree(self.read, size)


@pytest.fixture(scope="module")
def tiles() -> Tiles:
    tiles = Tiles()
    for n, leaf in enumerate(LEAVES):
        tiles.append(leaf, n)
    return tiles


@pytest.fixture(scope="module")
def strangers() -> tuple[foreign_tree.MerkleTree, InmemoryTree]:
    other = InmemoryTree(algorithm="sha256")
    for leaf in LEAVES:
        other.append_entry(leaf)
    return foreign_tree.MerkleTree(LEAVES), other


@pytest.mark.slow
def test_roots_and_proofs_of_every_size_are_those_of_foreign_implementations(
    tiles: Tiles, strangers: tuple[foreign_tree.MerkleTree, InmemoryTree]
) -> None:
    one, two = strangers
    for size in SIZES:
        tree = tiles.tree(size)
        root = tree.root()
        assert root == one.root(size) == two.get_root(size)
        for index in {0, size // 3, size // 2, size - 1}:
            path = tree.inclusion_proof(index)
            assert path == one.inclusion_proof(index, size)
            leaf = merkle_tree.leaf_hash(LEAVES[index])
            assert foreign_tree.verify_inclusion(leaf, index, size, path, root)
            foreign_proof.verify_inclusion(leaf, root, two.prove_inclusion(index + 1, size))
        for old in {1, size // 3, size // 2, size - 1, size} - {0}:
            path = tree.consistency_proof(old)
            assert path == one.consistency_proof(old, size)
            assert merkle_tree.verify_consistency(old, tiles.tree(old).root(), size, root, path)


@pytest.mark.slow
def test_every_index_and_every_older_size_has_a_proof(tiles: Tiles) -> None:
    for size in (1, 2, 7, 64, 255, 256, 257, 300):
        tree = tiles.tree(size)
        root = tree.root()
        for index in range(size):
            leaf, path = merkle_tree.leaf_hash(LEAVES[index]), tree.inclusion_proof(index)
            assert foreign_tree.verify_inclusion(leaf, index, size, path, root)
        for old in range(size + 1):
            old_root = tiles.tree(old).root() if old else merkle_tree.EMPTY_ROOT
            assert merkle_tree.verify_consistency(old, old_root, size, root, tree.consistency_proof(old))


def test_tiles_are_those_of_a_foreign_implementation(tiles: Tiles) -> None:
    leaves = [merkle_tree.leaf_hash(leaf) for leaf in LEAVES]
    assert tiles[0, 0] == b"".join(leaves[:256])
    assert tiles[0, 1] == b"".join(leaves[256:])
    assert tiles[1, 0] == foreign_tree.MerkleTree(LEAVES[:256]).root()
    assert set(tiles) == {(0, 0), (0, 1), (1, 0)}
    assert foreign_tiles.TILE_ENTRIES == merkle_tree.TILE_WIDTH


def _forge(rng: random.Random, path: list[bytes], others: list[bytes]) -> list[bytes]:
    """Change a path: a bit, the order, a hash dropped, added, doubled, or of another proof."""
    path = list(path)
    kind = rng.randrange(6)
    if kind == 0 and path:
        n, bit = rng.randrange(len(path)), rng.randrange(256)
        value = int.from_bytes(path[n]) ^ (1 << bit)
        path[n] = value.to_bytes(32)
    elif kind == 1 and len(path) > 1:
        a, b = rng.sample(range(len(path)), 2)
        path[a], path[b] = path[b], path[a]
    elif kind == 2 and path:
        del path[rng.randrange(len(path))]
    elif kind == 3:
        path.insert(rng.randint(0, len(path)), rng.choice(others))
    elif kind == 4 and path:
        n = rng.randrange(len(path))
        path.insert(n, path[n])
    else:
        path = rng.sample(others, min(len(others), len(path) or 1))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.soak)])
def test_no_forged_proof_is_accepted(tiles: Tiles, count: int) -> None:
    rng = random.Random(20150101)
    foreign_leaves = [b"another log" + n.to_bytes(25) for n in range(300)]
    foreign = Tiles()
    for n, leaf in enumerate(foreign_leaves):
        foreign.append(leaf, n)
    roots = [tiles.tree(size).root() for size in range(301)]
    foreign_roots = [foreign.tree(size).root() for size in range(301)]
    forged = 0
    while forged < count:
        size = rng.randint(2, 300)
        tree, root = tiles.tree(size), roots[size]
        old = rng.randint(1, size - 1)
        path, old_root = tree.consistency_proof(old), roots[old]
        true_chain = (old, old_root, size, root, path)
        others = [
            *tree.consistency_proof(rng.randint(1, size - 1)),
            *foreign.tree(size).inclusion_proof(0),
        ]
        swapped = rng.sample(path, len(path))
        chain = rng.choice(
            [
                (old, roots[rng.randint(1, 300)], size, root, path),
                (old, foreign_roots[old], size, root, path),
                (old, old_root, size, foreign_roots[size], path),
                (old, old_root, size, root, _forge(rng, path, others)),
                (old, old_root, size, root, foreign.tree(size).consistency_proof(old)),
                (rng.randint(-1, size + 1), old_root, size, root, path),
                (old, old_root, rng.randint(-1, 400), root, path),
                (rng.randint(1, 300), old_root, rng.randint(1, 400), root, path),
                (size, root, old, old_root, path),
                (old, root, size, old_root, path),
                (old, old_root, size, root, swapped),
                (old, old_root, size, root, path[:-1]),
                (old, old_root, size, root, path[1:]),
                (old, old_root, size, root, [old_root, *path]),
            ]
        )
        # As above, a path says nothing about the sizes as such, only about the shapes of the trees.
        other_sizes = (chain[1], chain[3], list(chain[4])) == (old_root, root, path)
        if other_sizes and _chain_shape(chain[0], chain[2]) == _chain_shape(old, size):
            continue
        assert not merkle_tree.verify_consistency(*chain), chain
        assert merkle_tree.verify_consistency(*true_chain)
        forged += 1


def _chain_shape(old: int, size: int) -> list[bool] | None:
    """Turns of the path between two sizes (RFC 6962, 2.1.2), and whether it begins with the old root.

    None if no log of one size continues one of the other.
    """
    if not 0 < old <= size:
        return None
    shape, is_whole = [], True
    while old < size:
        middle = 1 << ((size - 1).bit_length() - 1)
        shape.append(old <= middle)
        if old <= middle:
            size = middle
        else:
            old, size, is_whole = old - middle, size - middle, False
    return [*shape, is_whole]


def test_an_index_or_a_size_outside_the_tree_is_refused(tiles: Tiles) -> None:
    tree = tiles.tree(5)
    for index in (-1, 5):
        with pytest.raises(IndexError):
            tree.inclusion_proof(index)
    for size in (-1, 6):
        with pytest.raises(IndexError):
            tree.consistency_proof(size)
    assert base64.b64encode(tiles.tree(0).root()) == b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_a_tile_with_too_few_hashes_is_reported(tiles: Tiles) -> None:
    with pytest.raises(ValueError, match="fewer hashes"):
        MerkleTree(lambda level, number: b"\0" * 32, 4).root()
