"""Catalogue definitions: model, file loader and evolution."""
