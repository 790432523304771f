"""Catalogue definitions: model, loader and evolution."""
