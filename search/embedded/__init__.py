"""The engine in process (tantivy)."""
