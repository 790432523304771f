"""Workflows of the publication: import files, publish a draft."""
