"""PDF → the text of its pages, by PDFium in a process of its own."""

from __future__ import annotations

import msgspec

from publisher.collect.readers import apart, pdf_process

MAGIC = b"%PDF-"


class Answer(apart.Failure):
    pages: tuple[str, ...] = ()


def pages(data: bytes) -> tuple[str, ...]:
    """Text page by page, blank where a page is a picture. Raises ``ReaderError``."""
    answer = msgspec.msgpack.decode(apart.run(pdf_process, data, pdf_process.SECONDS), type=Answer)
    apart.refuse(answer.error, answer.detail)
    return answer.pages
