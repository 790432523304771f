"""Indexing of the log in the search engine."""
