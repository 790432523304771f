"""Catalogues: their model, the loader of their files, and the compatibility of two versions."""
