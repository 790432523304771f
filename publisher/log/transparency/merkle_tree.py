"""Merkle trees by RFC 6962, section 2.1, over tiles of 256 hashes (C2SP tlog-tiles)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

HASH_SIZE = 32
TILE_WIDTH = 256
"""Hashes in a full tile."""
_TILE_HEIGHT = 8
EMPTY_ROOT = hashlib.sha256(b"").digest()

type ReadTile = Callable[[int, int], bytes]
"""(level, number) → the hashes of a tile, concatenated: all that exist, or at least those of the tree."""
type WriteTile = Callable[[int, int, bytes], None]


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def append_leaf(read_tile: ReadTile, write_tile: WriteTile, size: int, leaf: bytes) -> None:
    """Append the hash of entry number ``size``. A full tile adds its root to the level above."""
    level, position, value = 0, size, leaf
    while True:
        number, offset = divmod(position, TILE_WIDTH)
        before = read_tile(level, number) if offset else b""
        hashes = before[: offset * HASH_SIZE] + value
        write_tile(level, number, hashes)
        if offset + 1 < TILE_WIDTH:
            return
        level, position, value = level + 1, number, _row_root(hashes, 0, TILE_WIDTH)


class MerkleTree:
    """The tree of the first ``size`` entries. Tiles are read once."""

    def __init__(self, read_tile: ReadTile, size: int) -> None:
        self._read_tile = read_tile
        self.size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def root(self) -> bytes:
        return self._range_hash(0, self.size) if self.size else EMPTY_ROOT

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Return the audit path of an entry (RFC 6962, section 2.1.1). Raises ``IndexError``."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        path: list[bytes] = []
        start, end = 0, self.size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._range_hash(middle, end))
                end = middle
            else:
                path.append(self._range_hash(start, middle))
                start = middle
        return path[::-1]

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """Return the proof that this tree continues the tree of ``old_size`` entries (section 2.1.2).

        Raises ``IndexError``.
        """
        if not 0 <= old_size <= self.size:
            raise IndexError(old_size)
        if old_size in (0, self.size):
            return []
        path: list[bytes] = []
        start, end, is_old_tree = 0, self.size, True
        while end != old_size:
            middle = start + _split(end - start)
            if old_size <= middle:
                path.append(self._range_hash(middle, end))
                end = middle
            else:
                path.append(self._range_hash(start, middle))
                start, is_old_tree = middle, False
        if not is_old_tree:
            path.append(self._range_hash(start, end))
        return path[::-1]

    def _range_hash(self, start: int, end: int) -> bytes:
        """Hash the entries from ``start`` to ``end``, which form a subtree of the whole tree."""
        count = end - start
        if count & (count - 1) == 0:
            return self._complete_subtree(count.bit_length() - 1, start)
        middle = start + _split(count)
        return node_hash(self._range_hash(start, middle), self._range_hash(middle, end))

    def _complete_subtree(self, height: int, start: int) -> bytes:
        level, rest = divmod(height, _TILE_HEIGHT)
        number, offset = divmod(start >> (level * _TILE_HEIGHT), TILE_WIDTH)
        if (level, number) not in self._tiles:
            self._tiles[level, number] = self._read_tile(level, number)
        return _row_root(self._tiles[level, number], offset, 1 << rest)


def _row_root(hashes: bytes, offset: int, count: int) -> bytes:
    """Hash ``count`` (a power of two) neighbouring hashes of a tile to the root of their subtree."""
    row = [hashes[n * HASH_SIZE : (n + 1) * HASH_SIZE] for n in range(offset, offset + count)]
    if any(len(value) != HASH_SIZE for value in row):
        raise ValueError("a tile has fewer hashes than its tree needs")
    while len(row) > 1:
        row = [node_hash(row[n], row[n + 1]) for n in range(0, len(row), 2)]
    return row[0]


def _split(count: int) -> int:
    """Return the largest power of two below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Check that one tree continues another (RFC 9162, section 2.1.4.2)."""
    if not 0 <= old_size <= size or any(len(value) != HASH_SIZE for value in path):
        return False
    if old_size == size:
        return not path and old_root == root
    if old_size == 0:
        return not path and old_root == EMPTY_ROOT
    hashes = list(path) if old_size & (old_size - 1) else [old_root, *path]
    if not hashes:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = hashes[0]
    for value in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(value, old), node_hash(value, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, value)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == root
