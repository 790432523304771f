"""Seals of rows that no entry of the log determines."""
