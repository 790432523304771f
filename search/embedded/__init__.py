"""Search engine in process, on tantivy."""
