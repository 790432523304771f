"""Structs of the files of a release."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from publisher.views.api.answers.common import Answer


class ReleaseFile(Answer, frozen=True, kw_only=True):
    """一个可下载的文件。/ A file for downloading."""

    form: str
    title: str
    media_type: str
    address: str
    sha256: Annotated[
        str | None, Meta(description="十六进制；尚未生成则空 / Hexadecimal; null until it is first made")
    ]
    size: Annotated[int | None, Meta(description="字节数 / Bytes; null until it is first made")]


class ReleaseFiles(Answer, frozen=True, kw_only=True):
    """一次发布的全部文件。/ All files of a release."""

    dataset: str
    release: int
    files: tuple[ReleaseFile, ...]
