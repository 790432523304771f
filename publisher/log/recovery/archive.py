"""A ``log.zip``, verified by the published program ``verify.py``, as the source of what a log lacks."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from publisher.log.blob_store import digest_of
from publisher.log.model import LogError
from publisher.log.transparency import verify
from publisher.log.transparency.entries import Kind


class Archive:
    """The verified content of an archive: signatures, tree, documents, manifests and revisions."""

    def __init__(self, checked: verify.Log, entries: Sequence[tuple[Kind, str]]) -> None:
        self._checked = checked
        self.entries = entries
        """Kind and digest of each entry."""
        self.revisions: Mapping[str, dict[str, Any]] = checked.revisions
        """Hash → the line of ``revisions/{dataset}.jsonl``; erased ones are absent."""

    def root(self, size: int) -> str:
        """Return the root of the first ``size`` entries."""
        return verify.root(self._checked.leaves[:size]).hex()

    def checkpoint(self) -> str | None:
        """Return the newest signed checkpoint, if there is one."""
        return self._checked.read("checkpoint").decode() if "checkpoint" in self._checked.names else None

    def document(self, digest: str) -> str:
        """Raises ``LogError('archive-damaged')`` for a document that was destroyed."""
        return self._read(f"documents/{digest}").decode()

    def manifest(self, digest: str) -> Sequence[dict[str, Any]]:
        return self._checked.lines(f"manifests/{digest}.jsonl")

    def opening(self, sequence: int) -> Mapping[str, Any]:
        """Return values and salts of the hashes in the document of a release."""
        opening: Mapping[str, Any] = self._checked.openings.get(sequence, {"sources": []})
        return opening

    def catalogue(self, digest: str) -> str:
        """Return a catalogue, checked by its digest: ``verify.py`` checks those of releases only.

        Raises ``LogError('archive-damaged')``.
        """
        name = f"catalogues/{digest}.json"
        text = self._read(name)
        if digest_of(text) != digest:
            raise _damaged(f"{name} was changed")
        return text.decode()

    def _read(self, name: str) -> bytes:
        try:
            return self._checked.read(name)
        except verify.ProofError as error:
            raise _damaged(str(error)) from error


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Verify and open an archive. Raises ``LogError('archive-damaged')``."""
    with path.open("rb") as data:
        try:
            checked = verify.Log(zipfile.ZipFile(data), None)
            archive = Archive(checked, [(_kind(kind), digest) for kind, digest in checked.entries()])
        except verify.ProofError as error:
            raise _damaged(str(error)) from error
        except Exception as error:  # a damaged archive can fail in any way, as in verify.py itself
            raise _damaged(repr(error)) from error
        yield archive


def _kind(name: str) -> Kind:
    kinds: Mapping[str, Kind] = {kind: kind for kind in verify.KINDS if kind}  # type: ignore[misc]
    return kinds[name]


def _damaged(why: str) -> LogError:
    return LogError(
        "archive-damaged",
        f"存证档案未通过核验：{why}。没有写入任何内容，请另取一份。",
        f"The archive failed its verification: {why}. Nothing was written; get another copy.",
    )
