"""Parsing of cell texts into values."""
