"""Files made once and kept in the home: by what they are made of, whole or not there."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from publisher.log.made_files import locked

type Coding = Literal["", "gzip", "zstd"]
_CHUNK = 1 << 20
_PASSING = 40


@dataclass(frozen=True, slots=True)
class Key:
    """What a file depends on; equal keys are equal bytes."""

    tokens: tuple[object, ...]
    suffix: str
    coding: Coding = ""
    lasting: bool = False
    """Of a release: kept for good. Others depend on a day or on what is newest: the oldest go."""

    @property
    def name(self) -> str:
        digest = hashlib.sha256(repr(self.tokens).encode()).hexdigest()[:40]
        kind = "release" if self.lasting else "passing"
        return f"{kind}/{digest}.{self.suffix}{'.' + self.coding if self.coding else ''}"


@dataclass(frozen=True, slots=True)
class Made:
    path: Path
    sha256: str
    """Of the bytes as sent, hexadecimal."""


class Cache:
    """The folder of made files, shared by all processes of a home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, key: Key) -> Made | None:
        path = self._folder / key.name
        try:
            digest = path.with_name(path.name + ".sha256").read_text("ascii")
        except FileNotFoundError:
            return None
        return Made(path, digest) if path.exists() else None

    @contextmanager
    def making(self, *, patience: float) -> Iterator[None]:
        """One maker at a time; reads that end in a file begin within, or an erasure could miss it.

        Raises ``LogError('files-busy')``.
        """
        with locked(self._folder, patience=patience):
            for left in self._folder.glob("making-*"):  # by a maker that was killed
                shutil.rmtree(left, ignore_errors=True)
            yield

    def make(self, key: Key, write: Callable[[Path], None]) -> Made:
        """Only within :meth:`making`. The file is made in a folder beside and moved: whole or not there."""
        if (known := self.find(key)) is not None:
            return known
        target = self._folder / key.name
        target.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=self._folder) as beside:
            plain = Path(beside) / f"file.{key.suffix}"
            if key.coding:
                source = self.make(Key(key.tokens, key.suffix, lasting=key.lasting), write).path
                _squeeze(source, plain, key.coding)
            else:
                write(plain)
            digest = digest_of(plain)
            note = Path(beside) / "digest"
            note.write_text(digest, "ascii")
            plain.replace(target)
            note.replace(target.with_name(target.name + ".sha256"))
        if not key.lasting:
            self._tidy(target.parent)
        return Made(target, digest)

    def _tidy(self, folder: Path) -> None:
        """Whoever reads one of these has it open: it goes when that reader is done."""
        files = sorted(
            (p for p in folder.iterdir() if p.suffix != ".sha256"), key=lambda p: p.stat().st_mtime_ns
        )
        for path in files[:-_PASSING]:
            path.unlink(missing_ok=True)
            path.with_name(path.name + ".sha256").unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _squeeze(source: Path, target: Path, coding: Coding) -> None:
    with source.open("rb") as plain, pa.CompressedOutputStream(os.fspath(target), coding) as squeezed:
        while piece := plain.read(_CHUNK):
            squeezed.write(piece)
