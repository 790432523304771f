"""Import of files: bytes become records and findings."""
