"""Private keys of the site in files: PKCS 8 in PEM, for the owner only, with a passphrase if one is set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.log.blob_store import sync_folder
from publisher.log.model import LogError
from publisher.log.transparency.signed_note import ED25519, Signature, VerifierKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


class KeyFiles:
    """The folder of private keys, one file for each key, named by the key's id."""

    def __init__(self, folder: Path, passphrase: str = "") -> None:
        self.folder = folder
        self._passphrase = passphrase.encode() or None
        self._loaded: dict[Path, Ed25519PrivateKey] = {}

    def create(self, name: str, algorithm: int = ED25519) -> VerifierKey:
        """Create a key. Its file is durable and has mode 0600 before the function returns."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

        private = Ed25519PrivateKey.generate()
        key = VerifierKey(name, private.public_key().public_bytes_raw(), algorithm)
        write_private_key(self.path(key), private, self._passphrase)
        return key

    def path(self, key: VerifierKey) -> Path:
        return self.folder / f"{key.id.hex()}.pem"

    def has(self, key: VerifierKey) -> bool:
        """Report whether the file is there; one that this process may not look for counts as there."""
        try:
            return self.path(key).exists()
        except OSError:
            return True

    def check(self, key: VerifierKey) -> None:
        """Check that the file can sign, unless its passphrase is not set. Raises as :meth:`sign`."""
        path = self.path(key)
        if self._passphrase is not None or not _is_encrypted(_read_bytes(path)):
            self._load(key)

    def sign(self, key: VerifierKey, text: str) -> Signature:
        """Sign a text. Raises ``LogError('key-unusable')``: no file, open to others, wrong passphrase."""
        private = self._load(key)
        return Signature(key.name, key.id, private.sign(text.encode()))

    def _load(self, key: VerifierKey) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

        path = self.path(key)
        if path not in self._loaded:
            private = read_private_key(path, self._passphrase)
            if not isinstance(private, Ed25519PrivateKey):
                raise unusable(path, "不是 Ed25519 密钥", "not an Ed25519 key")
            if private.public_key().public_bytes_raw() != key.public:
                raise unusable(path, "与公钥不符", "it is of another public key")
            self._loaded[path] = private
        return self._loaded[path]


def write_private_key(path: Path, private: PrivateKeyTypes, passphrase: bytes | None) -> None:
    """Write a new file. It is durable and has mode 0600 before the function returns."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - 30 ms, keys only

    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(private.private_bytes(*form, encryption))
        file.flush()
        os.fsync(file.fileno())
    for folder in (path.parent, path.parent.parent):
        sync_folder(folder)


def read_private_key(path: Path, passphrase: bytes | None) -> PrivateKeyTypes:
    """Read a file; one that was written without a passphrase is read without it.

    Raises ``LogError('key-unusable')``: no file, open to others, no passphrase or a wrong one.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - 30 ms, keys only

    data = _read_bytes(path)
    if path.stat().st_mode & 0o077:
        raise unusable(path, "其他用户可以读取，请运行 chmod 600", "other users can read it (chmod 600)")
    is_encrypted = _is_encrypted(data)
    if is_encrypted and passphrase is None:
        raise unusable(
            path, "须有口令（QINGDAN_KEY_PASSPHRASE）", "it needs its passphrase (QINGDAN_KEY_PASSPHRASE)"
        )
    try:
        return serialization.load_pem_private_key(data, passphrase if is_encrypted else None)
    except (TypeError, ValueError) as error:
        raise unusable(path, "口令不符或文件已损坏", "wrong passphrase, or damaged") from error


def _is_encrypted(data: bytes) -> bool:
    return b"ENCRYPTED" in data


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unusable(path, "无法读取", "it cannot be read") from error


def unusable(path: Path, zh: str, en: str) -> LogError:
    return LogError(
        "key-unusable", f"密钥文件 {path} 不能使用：{zh}。", f"The key file {path} cannot be used: {en}."
    )
