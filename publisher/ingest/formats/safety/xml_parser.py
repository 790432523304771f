"""XML of files from outside, parsed without entities, network access and DTDs."""

from __future__ import annotations

from lxml import etree


def safe_parser() -> etree.XMLParser:
    """Return a parser without entities, network and DTD, with libxml2's limits on depth and length."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
