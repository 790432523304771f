"""Cosignatures of checkpoints (C2SP tlog-cosignature, Ed25519) and requests for them (C2SP tlog-witness)."""

from __future__ import annotations

import base64

import msgspec

from publisher.log.transparency import signed_note
from publisher.log.transparency.checkpoint_text import DECIMAL
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.transparency.merkle_tree import HASH_SIZE
from publisher.log.transparency.signed_note import COSIGNATURE, NoteError, Signature, VerifierKey

SIZE_MEDIA = "text/x.tlog.size"
"""Media type of the answer 409: the number of entries that the witness cosigned last."""
MOST_HASHES = 63
_TIME_SIZE = 8
_LATEST = 253_402_300_799
"""The last second of the year 9999."""


class AddCheckpoint(msgspec.Struct, frozen=True):
    """Body of ``POST …/add-checkpoint``."""

    old_size: int
    """Entries of the checkpoint that the witness cosigned last; 0: none."""
    proof: tuple[bytes, ...]
    """That the log of the note continues the log of ``old_size`` entries (RFC 6962)."""
    note: str

    def encode(self) -> bytes:
        hashes = "".join(f"{base64.b64encode(value).decode()}\n" for value in self.proof)
        return f"old {self.old_size}\n{hashes}\n{self.note}".encode()

    @classmethod
    def parse(cls, body: bytes) -> AddCheckpoint:
        """Raises :class:`NoteError`."""
        try:
            head, blank, note = body.decode().partition("\n\n")
        except UnicodeDecodeError as error:
            raise NoteError("a request is UTF-8") from error
        first, *hashes = head.split("\n")
        size = first.removeprefix("old ")
        if not blank or not first.startswith("old ") or not DECIMAL.fullmatch(size):
            raise NoteError("a request begins with “old”, a size, the hashes of a proof and a blank line")
        proof = tuple(map(signed_note.decode_base64, hashes))
        if len(proof) > MOST_HASHES or any(len(value) != HASH_SIZE for value in proof):
            raise NoteError("a proof has at most 63 hashes of 32 bytes")
        return cls(int(size), proof, note)


def cosign(keys: KeyFiles, key: VerifierKey, text: str, at: int) -> Signature:
    """Cosign the text of a checkpoint. ``at``: seconds since the epoch. Raises as :meth:`.KeyFiles.sign`."""
    signature = keys.sign(key, _message(text, at))
    return Signature(key.name, key.id, at.to_bytes(_TIME_SIZE, "big") + signature.value)


def find_cosignature(key: VerifierKey, text: str, answer: str) -> Signature:
    """Return the cosignature of a witness from its answer; lines of other keys are ignored.

    Raises :class:`NoteError` without one, or if it is not valid or of a time that no calendar has.
    """
    lines = [signed_note.parse_signature(line) for line in answer.splitlines()]
    for line in lines:
        if line.name == key.name and line.key_id == key.id and key.algorithm == COSIGNATURE:
            signature = Signature(line.name, line.key_id, line.value[_TIME_SIZE:])
            at = cosigned_at(line)
            if at <= _LATEST and signed_note.is_valid(key, _message(text, at), signature):
                return line
            raise NoteError(f"the cosignature of {key.name} is not valid")
    raise NoteError(f"there is no cosignature of {key.name}")


def cosigned_at(cosignature: Signature) -> int:
    """Return the time of a cosignature, in seconds since the epoch."""
    return int.from_bytes(cosignature.value[:_TIME_SIZE], "big")


def _message(text: str, at: int) -> str:
    return f"cosignature/v1\ntime {at}\n{text}"
