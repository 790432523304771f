"""Entries of the log: 36 bytes each, which name the kind, the format and the digest of a document."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Literal, get_args

import msgspec

from publisher.log.transparency import merkle_tree

type Kind = Literal["site", "dataset", "release", "key", "reseal", "erasure", "succession", "audit"]

_KINDS: tuple[Kind, ...] = get_args(Kind.__value__)
FORMAT = 2
"""Format of the documents that are written now."""
_LAYOUT = struct.Struct(">BBH32s")
_VERSION = 1
_CODES: dict[Kind, int] = {kind: code for code, kind in enumerate(_KINDS, start=1)}
SIZE = _LAYOUT.size


class LogEntry(msgspec.Struct, frozen=True):
    """One leaf of the tree."""

    kind: Kind
    format: int
    digest: str
    """SHA-256 of the document, hexadecimal."""

    def encode(self) -> bytes:
        return _LAYOUT.pack(_VERSION, _CODES[self.kind], self.format, bytes.fromhex(self.digest))

    def leaf_hash(self) -> bytes:
        return merkle_tree.leaf_hash(self.encode())


def encode_bundle(entries: Sequence[LogEntry]) -> bytes:
    """Encode an entry bundle of C2SP tlog-tiles: each entry after its length, two bytes big-endian."""
    return b"".join(struct.pack(">H", SIZE) + entry.encode() for entry in entries)
