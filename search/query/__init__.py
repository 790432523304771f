"""Queries: syntax, conditions and corrections."""
