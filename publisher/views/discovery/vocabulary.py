"""The words of catalogue metadata: prefixes, the JSON-LD context, and addresses of well-known terms.

DCAT 3 (https://www.w3.org/TR/vocab-dcat-3/) as DCAT-AP 3.0.1 narrows it. Terms of the EU's authority
tables are used where the profile asks for them; they are names, nobody needs to reach them.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

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
"""Of the JSON-LD: prefixes only, so that a reader of plain JSON meets the vocabularies' own names."""

CHINESE = "http://publications.europa.eu/resource/authority/language/ZHO"
PUBLIC = "http://publications.europa.eu/resource/authority/access-right/PUBLIC"
GOVERNMENT = "http://publications.europa.eu/resource/authority/data-theme/GOVE"
SHA_256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
DIVISIONS = "GB-T-2260"
"""Codes of administrative divisions; the standard has no address, so the catalogue gives it one."""
_MEDIA = "https://www.iana.org/assignments/media-types/"
_FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/"
_SPDX = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-.+][A-Za-z0-9]+)+\+?")
_URL = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def media_type(name: str) -> str:
    """The address of an IANA media type, without its parameters."""
    return _MEDIA + quote(name.partition(";")[0].strip(), safe="/+.-")


def file_type(name: str) -> str:
    """The address of a file type, ``CSV``, in the table of the Publications Office."""
    return _FILE_TYPE + quote(name, safe="")


def licence(text: str) -> str | None:
    """The address of a licence that has one: an address, or an SPDX identifier such as ``CC0-1.0``."""
    if _URL.fullmatch(text):
        return text
    return f"http://spdx.org/licenses/{text}" if _SPDX.fullmatch(text) else None


def contact(text: str) -> dict[str, Any]:
    """What a contact's text holds of an address that a program can use."""
    found: dict[str, Any] = {}
    if email := _EMAIL.search(text):
        found["vcard:hasEmail"] = {"@id": f"mailto:{email.group()}"}
    if url := _URL.search(text):
        found["vcard:hasURL"] = {"@id": url.group()}
    return found


def chinese(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "zh"}


def english(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "en"}


def typed(value: object, kind: str) -> dict[str, str]:
    """A literal of an XML Schema type: ``typed("2015-12-01", "date")``."""
    return {"@value": str(value), "@type": f"xsd:{kind}"}
