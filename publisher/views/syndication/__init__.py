"""Feeds of the log's changes, one for every scope."""
