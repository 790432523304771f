"""Signed notes (C2SP signed-note): a text, a blank line, and one line for each signature.

A signature line is ``— NAME BASE64``; the base64 contains the four bytes of the key's id and the signature.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

import msgspec

ED25519, COSIGNATURE = 0x01, 0x04
"""Algorithm bytes of keys: of a log, and of a witness. Lines of other algorithms are kept and not checked."""
_PREFIX = "— "
_LONGEST = 64 * 1024


class NoteError(ValueError):
    """The bytes are not a signed note, or no valid signature of an expected key is among its lines."""


class VerifierKey(msgspec.Struct, frozen=True):
    """Public key with the name of its owner."""

    name: str
    public: bytes
    """32 bytes of Ed25519."""
    algorithm: int = ED25519

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.algorithm, self.public)

    def __str__(self) -> str:
        """Return the form in which keys are handed on: ``NAME+ID+BASE64``."""
        encoded = base64.b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str, algorithm: int = ED25519) -> VerifierKey:
        """Raises :class:`NoteError`."""
        name, _, rest = text.strip().partition("+")
        identifier, _, encoded = rest.partition("+")
        data = decode_base64(encoded)
        key = cls(name, data[1:], algorithm)
        if not is_key_name(name) or len(data) != 33 or data[0] != algorithm or key.id.hex() != identifier:
            raise NoteError(f"the key is not an Ed25519 key of type {algorithm:02x} with this id")
        return key


class Signature(msgspec.Struct, frozen=True):
    """One signature line."""

    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        return f"{_PREFIX}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4]


def is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() or not c.isprintable() for c in name)


def format_note(text: str, signatures: Iterable[Signature]) -> str:
    """``text`` ends with a line break."""
    return f"{text}\n{''.join(map(str, signatures))}"


def parse_note(note: str | bytes) -> tuple[str, tuple[Signature, ...]]:
    """Split a note into its text and its signatures, unchecked. Raises :class:`NoteError`."""
    try:
        text = note.decode() if isinstance(note, bytes) else note
    except UnicodeDecodeError as error:
        raise NoteError("a note is UTF-8") from error
    if len(text) > _LONGEST or any(ord(c) < 0x20 and c != "\n" for c in text):
        raise NoteError("a note has no control characters and at most 64 KiB")
    body, blank, lines = text.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise NoteError("a note ends with a blank line and signature lines")
    return f"{body}\n", tuple(parse_signature(line) for line in lines.removesuffix("\n").split("\n"))


def parse_signature(line: str) -> Signature:
    """Raises :class:`NoteError`."""
    name, space, encoded = line.removeprefix(_PREFIX).partition(" ")
    data = decode_base64(encoded)
    if not line.startswith(_PREFIX) or not space or not is_key_name(name) or len(data) < 5:
        raise NoteError("a signature line is “— NAME BASE64”")
    return Signature(name, data[:4], data[4:])


def decode_base64(encoded: str) -> bytes:
    """Decode base64 in its only canonical form. Raises :class:`NoteError`."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise NoteError("not base64") from error
    if base64.b64encode(data).decode() != encoded:
        raise NoteError("not canonical base64")
    return data


def verify_note(note: str | bytes, keys: Sequence[VerifierKey]) -> str:
    """Return the text of a note that **every** key has signed. Lines of unknown keys are ignored.

    Raises :class:`NoteError`.
    """
    text, signatures = parse_note(note)
    for key in keys:
        lines = [s for s in signatures if s.name == key.name and s.key_id == key.id]
        if len(lines) != 1:
            raise NoteError(f"there is no signature of {key}, or more than one")
        if not is_valid(key, text, lines[0]):
            raise NoteError(f"the signature of {key} is not valid")
    return text


def is_valid(key: VerifierKey, text: str, signature: Signature) -> bool:
    """Test whether a signature is of this text and by this key."""
    # The library takes 30 ms to import, and only sites with a key need it.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - late import, see above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature.value, text.encode())
    except InvalidSignature:
        return False
    return True
