"""Comparisons of two states of a dataset: text differences, likely renames, and formats."""
