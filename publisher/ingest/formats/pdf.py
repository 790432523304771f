"""PDF → the text of its pages, by PDFium in a process of its own."""

from __future__ import annotations

import msgspec

from publisher.ingest.formats.sandbox import pdfium_script, run

MAGIC = b"%PDF-"


class Answer(run.Failure):
    pages: tuple[str, ...] = ()


def pages(data: bytes) -> tuple[str, ...]:
    """Text page by page, blank where a page is a picture. Raises ``ReaderError``."""
    answer = msgspec.msgpack.decode(run.run(pdfium_script, data, pdfium_script.SECONDS), type=Answer)
    run.refuse(answer.error, answer.detail)
    return answer.pages
