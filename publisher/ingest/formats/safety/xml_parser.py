"""XML of files from outside, parsed without entities, network access and DTDs."""

from __future__ import annotations

from lxml import etree

from publisher.ingest.findings.files import DAMAGED
from publisher.ingest.formats.errors import ReaderError


def parse_xml(content: bytes, where: str) -> etree._Element:
    """Parse within libxml2's limits on depth and length. Raises :class:`ReaderError` that names ``where``."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        raise ReaderError(DAMAGED, f"{where}: {problem}") from problem
