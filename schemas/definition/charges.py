"""Charges of catalogues that were stored before their definition said which amounts are charges."""

from __future__ import annotations

from msgspec import structs

from schemas.definition.catalogue import Catalogue
from schemas.definition.file_loader import find_catalogue


def add_charges(catalogue: Catalogue) -> Catalogue:
    """Take the charges from the shipped catalogue of the name, if the definition names none."""
    shipped = find_catalogue(catalogue.name)
    if shipped is None or any(field.charge for field in catalogue.fields):
        return catalogue
    charges = {field.name for field in shipped.fields if field.charge}
    if not charges:
        return catalogue
    fields = [
        structs.replace(field, charge=field.name in charges and field.type in {"string", "amount"})
        for field in catalogue.fields
    ]
    return structs.replace(catalogue, fields=tuple(fields))
