"""Notes and keys are those of the C2SP specifications, as a foreign implementation reads them."""

from __future__ import annotations

import pytest
from aics_tlog import note as foreign
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from publisher.log.transparency import signed_note
from publisher.log.transparency.signed_note import NoteError, Signature, VerifierKey

NAME = "data.example.gov.cn/log"
TEXT = f"{NAME}\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


def key_of(seed: int) -> tuple[Ed25519PrivateKey, VerifierKey]:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return private, VerifierKey(NAME, private.public_key().public_bytes(*raw))


def signed(*seeds: int) -> str:
    keys = [key_of(seed) for seed in seeds]
    lines = [Signature(NAME, public.id, private.sign(TEXT.encode())) for private, public in keys]
    return signed_note.format_note(TEXT, lines)


def test_a_foreign_implementation_verifies_a_note_by_the_text_of_the_key() -> None:
    _, key = key_of(1)
    assert foreign.parse_vkey(str(key)).key_id == key.id
    assert foreign.verify_note(foreign.parse_note(signed(1)), [foreign.parse_vkey(str(key))])


def test_every_key_must_have_signed_and_unknown_lines_are_ignored() -> None:
    one, two, three = (key_of(n)[1] for n in (1, 2, 3))
    assert signed_note.verify_note(signed(1, 2, 3), [one, two]) == TEXT
    with pytest.raises(NoteError, match="no signature"):
        signed_note.verify_note(signed(1, 2), [three])
    wrong = Signature(NAME, one.id, bytes(64))
    with pytest.raises(NoteError, match="not valid"):
        signed_note.verify_note(signed_note.format_note(TEXT, [wrong]), [one])


def test_a_key_is_read_as_it_is_written_and_a_damaged_one_is_refused() -> None:
    key = key_of(1)[1]
    assert VerifierKey.parse(str(key)) == key
    name, identifier, encoded = str(key).split("+", 2)
    for text in ("", name, f"{name}+00000000+{encoded}", f"x{key}", f"{name}+{identifier}+AAAA", f"a b{key}"):
        with pytest.raises(NoteError):
            VerifierKey.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name\n",
        "text\n\n— name AAAA\n",
        "text\n\n- name AAAAAAAA\n",
        "text\n\n— na+me AAAAAAAA\n",
        "text\n\n— name AAAAAAAA",
        "te\txt\n\n— name AAAAAAAA\n",
        b"\xff\n\n",
        "x" * 70_000 + "\n\n— name AAAAAAAA\n",
    ],
)
def test_what_is_no_note_is_refused(note: str | bytes) -> None:
    with pytest.raises(NoteError):
        signed_note.parse_note(note)
