"""Formats for comparisons of two states of a dataset."""
