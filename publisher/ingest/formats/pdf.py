"""Text of PDF files, read by PDFium in a separate process."""

from __future__ import annotations

import msgspec

from publisher.ingest.formats.sandbox import pdfium_script, run

MAGIC = b"%PDF-"


class Answer(run.Failure):
    pages: tuple[str, ...] = ()


def pages(data: bytes) -> tuple[str, ...]:
    """Return the text of each page; it is blank where the page is a picture. Raises ``ReaderError``."""
    answer = msgspec.msgpack.decode(run.run(pdfium_script, data, pdfium_script.SECONDS), type=Answer)
    run.refuse(answer.error, answer.detail)
    return answer.pages
