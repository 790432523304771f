"""Files that are handed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from litestar.datastructures import UploadFile

from publisher.log.model import LogError
from publisher.workflow.import_files import InputFile

LARGEST_UPLOAD = 64 << 20
"""Bytes of all files of a request together."""


class HandInForm(msgspec.Struct):
    """A form with files. ``part``: empty for a dataset without parts.

    ``seen``: tokens of the imports that the page showed, joined by commas; None: whatever there is.
    """

    files: list[UploadFile] = msgspec.field(default_factory=list)
    part: str = ""
    without_errors: Literal["", "false", "true"] = ""
    partial: Literal["", "false", "true"] = ""
    seen: str | None = None

    @property
    def seen_tokens(self) -> Sequence[str] | None:
        return None if self.seen is None else [token for token in self.seen.split(",") if token]


def input_files(files: Sequence[UploadFile]) -> Sequence[InputFile]:
    """Read the files of a form. Raises ``LogError('no-files')``."""
    chosen = [file for file in files if file.filename]
    if not chosen:
        raise LogError("no-files", "没有选择文件。", "No file was chosen.")
    return [
        InputFile(file.filename.replace("\\", "/").rpartition("/")[2], file.file.read()) for file in chosen
    ]
