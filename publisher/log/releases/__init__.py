"""Releases: publication, amendment, erasure, spans and the hash chain."""
