"""Text of PDF files, read by PDFium in a separate process."""

from __future__ import annotations

import msgspec

from publisher.ingest.formats.sandbox import pdfium_script, run

MAGIC = b"%PDF-"


class PagesOutput(run.ParserOutput):
    pages: tuple[str, ...] = ()


def pages(data: bytes) -> tuple[str, ...]:
    """Return the text of each page; it is blank where the page is a picture. Raises ``ReaderError``."""
    parser_output = msgspec.msgpack.decode(
        run.run(pdfium_script, data, pdfium_script.SECONDS), type=PagesOutput
    )
    run.refuse(parser_output.error, parser_output.detail)
    return parser_output.pages
