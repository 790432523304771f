"""Limits on archives and XML from outside: size, expansion, entities."""
