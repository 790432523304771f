"""Hits: highlights, explanations, cursors."""
