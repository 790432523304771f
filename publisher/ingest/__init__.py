"""Bytes that are handed in become records and findings."""
