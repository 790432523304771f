"""CQL2 filters."""
