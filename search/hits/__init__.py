"""Presentation of hits: highlights, excerpts, explanations, cursors."""
