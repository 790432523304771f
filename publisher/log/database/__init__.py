"""Connections, tables, statements and migrations for both databases."""
