"""Feeds of changes: Atom, RSS and JSON Feed."""
