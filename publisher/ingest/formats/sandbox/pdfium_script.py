"""PDFium, run in a separate process with limits on memory and time; :mod:`.calamine_script` explains why.

Run as a script by :mod:`publisher.ingest.formats.pdf`: standard input is the file, standard output one
MessagePack object.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import pypdfium2

MEMORY = 3 << 30
SECONDS = 60
MOST_PAGES = 2_000
MOST_TEXT = 4 << 20
"""Characters."""


def main() -> None:
    _limit_resources()
    try:
        answer: dict[str, Any] = {"pages": _extract_pages(sys.stdin.buffer.read())}
    except pypdfium2.PdfiumError as problem:
        encrypted = "password" in str(problem).lower() or "security" in str(problem).lower()
        answer = {"error": "encrypted" if encrypted else "damaged", "detail": str(problem)[:300]}
    except MemoryError as problem:
        answer = {"error": "too-large", "detail": str(problem)}
    except Exception as problem:  # noqa: BLE001 - a hostile file may cause any error
        answer = {"error": "damaged", "detail": f"{type(problem).__name__}: {problem}"[:300]}
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


def _limit_resources() -> None:
    try:
        import resource  # noqa: PLC0415 - absent on Windows, where only the caller's time limit holds
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _extract_pages(data: bytes) -> list[str]:
    texts: list[str] = []
    size = 0
    with pypdfium2.PdfDocument(data) as document:
        if len(document) > MOST_PAGES:
            raise MemoryError(f"{len(document)} pages")
        for page in document:
            text = page.get_textpage().get_text_bounded()
            size += len(text)
            if size > MOST_TEXT:
                raise MemoryError(f"> {MOST_TEXT} characters")
            texts.append(text)
    return texts


if __name__ == "__main__":
    main()
