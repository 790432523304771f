"""Text of PDF files, read by PDFium in a separate process."""

from __future__ import annotations

from publisher.ingest.formats.sandbox import pdfium_script
from publisher.ingest.formats.sandbox.run import ParserOutput, run_parser

MAGIC = b"%PDF-"


class PagesOutput(ParserOutput):
    pages: tuple[str, ...] = ()


def extract_pages(data: bytes) -> tuple[str, ...]:
    """Return the text of each page; it is blank where the page is a picture. Raises ``ReaderError``."""
    return run_parser(pdfium_script, data, PagesOutput).pages
