"""Connection, tables, statements and migrations of both databases."""
