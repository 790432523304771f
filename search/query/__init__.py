"""Queries: syntax, parser, conditions, field filters, names and corrections."""
