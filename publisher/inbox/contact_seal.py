"""Sealing of contacts to a public key, with HPKE (RFC 9180), and the files of private keys."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.log.transparency.key_files import read_private_key, unusable, write_private_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.hpke import Suite

CONTACT, FOLLOWER = b"qingdan inbox contact 1", b"qingdan inbox follower 1"
"""Uses of a sealed text, which it is bound to (RFC 9180, section 8.1)."""


def _suite() -> Suite:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite  # noqa: PLC0415 - 30 ms, seals only

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def seal(contact: str, public: bytes, use: bytes = CONTACT) -> bytes:
    """Encrypt a contact so that only the private key of ``public`` opens it, for the same use."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey  # noqa: PLC0415

    return _suite().encrypt(contact.encode(), X25519PublicKey.from_public_bytes(public), info=use)


class SealKeys:
    """Private keys of contacts, in files ``inbox-ID.pem`` of the folder of keys."""

    def __init__(self, folder: Path, passphrase: str = "") -> None:
        self._folder, self._passphrase = folder, passphrase.encode() or None
        self._loaded: dict[str, X25519PrivateKey] = {}

    def create(self) -> tuple[str, bytes]:
        """Create a key. Its file is durable and has mode 0600 → its id and the public key."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415

        private = X25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        key = key_id(public)
        write_private_key(self._path(key), private, self._passphrase)
        return key, public

    def open(self, key: str, sealed: bytes, use: bytes = CONTACT) -> str:
        """Decrypt a contact. Raises ``LogError('key-unusable')``, as :func:`.read_private_key`."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        try:
            return _suite().decrypt(sealed, self._load(key), info=use).decode()
        except InvalidTag as error:
            raise unusable(self._path(key), "与封存的内容不符", "it does not open what was sealed") from error

    def _load(self, key: str) -> X25519PrivateKey:
        """Load a private key, once: opening its file takes as long as a hundred contacts."""
        if key not in self._loaded:
            self._loaded[key] = self._read(key)
        return self._loaded[key]

    def _read(self, key: str) -> X25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415

        private = read_private_key(self._path(key), self._passphrase)
        if not isinstance(private, X25519PrivateKey):
            raise unusable(self._path(key), "不是 X25519 密钥", "not an X25519 key")
        return private

    def _path(self, key: str) -> Path:
        return self._folder / f"inbox-{key}.pem"


def key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]
