"""Vocabulary of catalog metadata: prefixes, the JSON-LD context, and addresses of well-known terms.

DCAT 3 (https://www.w3.org/TR/vocab-dcat-3/) with the profile DCAT-AP 3.0.1. Terms of the EU's authority
tables are used if the profile requires them; they are names and are not fetched.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from schemas.reference.licences import spdx_identifier

PREFIXES: dict[str, str] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
CONTEXT: dict[str, Any] = dict(PREFIXES)
"""JSON-LD context with prefixes only, so that plain JSON contains the names of the vocabularies."""

CHINESE = "http://publications.europa.eu/resource/authority/language/ZHO"
PUBLIC = "http://publications.europa.eu/resource/authority/access-right/PUBLIC"
GOVERNMENT = "http://publications.europa.eu/resource/authority/data-theme/GOVE"
SHA_256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
DIVISIONS = "GB-T-2260"
"""Codes of administrative divisions; the standard has no address, so the data catalog defines one."""
_MEDIA = "https://www.iana.org/assignments/media-types/"
_FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/"
_URL = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
_WRITTEN_URL = re.compile(
    r"https?://[^\s<>\"{}|\\^`\u2018-\u2026\u3000-\u303f\uff00-\uffef]+(?<![.,;:!?)\]'])"
)
"""An address within a sentence: it ends before the punctuation, Chinese or English, that follows it."""
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def media_type(name: str) -> str:
    """Build the address of an IANA media type, without its parameters."""
    return _MEDIA + quote(name.partition(";")[0].strip(), safe="/+.-")


def file_type(name: str) -> str:
    """Build the address of a file type, for example ``CSV``, in the table of the Publications Office."""
    return _FILE_TYPE + quote(name, safe="")


def licence(text: str) -> str | None:
    """Return the address of a licence given as an address or an SPDX identifier such as ``CC0-1.0``."""
    if _URL.fullmatch(text):
        return text
    identifier = spdx_identifier(text)
    return f"http://spdx.org/licenses/{identifier}" if identifier else None


def contact(text: str) -> dict[str, Any]:
    """Extract the email and web addresses of a contact."""
    addresses: dict[str, Any] = {}
    if email := _EMAIL.search(text):
        addresses["vcard:hasEmail"] = {"@id": f"mailto:{email.group()}"}
    if url := _WRITTEN_URL.search(text):
        addresses["vcard:hasURL"] = {"@id": url.group()}
    return addresses


def chinese(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "zh"}


def english(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "en"}


def typed(value: object, kind: str) -> dict[str, str]:
    """Build a literal of an XML Schema type: ``typed("2015-12-01", "date")``."""
    return {"@value": str(value), "@type": f"xsd:{kind}"}
