"""Queries over the log."""
