"""Text of a checkpoint (C2SP tlog-checkpoint): name of the log, number of entries and root, a line each."""

from __future__ import annotations

import base64
import re

import msgspec

from publisher.log.transparency import signed_note
from publisher.log.transparency.merkle_tree import HASH_SIZE
from publisher.log.transparency.signed_note import NoteError

DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(msgspec.Struct, frozen=True):
    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Parse the text of a note; further lines are ignored. Raises :class:`NoteError`."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or not DECIMAL.fullmatch(lines[1]) or lines[-1]:
            raise NoteError("a checkpoint has the lines origin, number of entries and root")
        root = signed_note.decode_base64(lines[2])
        if len(root) != HASH_SIZE:
            raise NoteError("the root of a checkpoint has 32 bytes")
        return cls(lines[0], int(lines[1]), root)


def signed_checkpoint(note: str) -> Checkpoint:
    """Return the checkpoint of a signed note, unchecked. Raises :class:`NoteError`."""
    return Checkpoint.parse(signed_note.parse_note(note)[0])
