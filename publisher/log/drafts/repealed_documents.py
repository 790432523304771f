"""The documents that other documents repeal, found by their number or their title."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from publisher.log.record_identity import identity_digest
from schemas.definition.catalogue import Catalogue
from schemas.reference.citations.text_signs import title_key
from schemas.reference.document_numbers import find_citations

NUMBER = "number"


class Repeal(msgspec.Struct, frozen=True):
    by: str
    """Number of the repealing document, or its title in 《》."""
    import_key: int
    """Key of the import that contained it."""
    notice: str
    """Identity of the repealing document."""
    title: str
    sentences: str
    """The sentences of it that end documents, one a line."""

    def sentence(self, number: str | None, title: str) -> str:
        """Return the sentence that names a document by its number or title."""
        lines = self.sentences.split("\n")
        for line in lines:
            names = {citation.standard for citation in find_citations(line)}
            if (number and number in names) or title_key(title) in title_key(line):
                return line
        return lines[0]


class RepealedDocuments:
    """Repealed documents, indexed by number and by title in 《》, whose width and signs do not matter."""

    def __init__(self, repeals: Mapping[str, Repeal], dataset: str, catalogue: Catalogue) -> None:
        self.identities: dict[str, Repeal] = {}
        self.by_title_key: dict[str, Repeal] = {}
        for name, repeal in repeals.items():
            if name.startswith("《"):
                self.by_title_key[title_key(name[1:-1])] = repeal
            else:
                self.identities[identity_digest(dataset, catalogue.identity_of({NUMBER: name}))] = repeal

    def find(self, identity: str, title: str) -> Repeal | None:
        repeal = self.identities.get(identity)
        if repeal is None and self.by_title_key:
            repeal = self.by_title_key.get(title_key(title))
        return repeal
