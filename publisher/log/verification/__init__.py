"""Verification: everything derived is computed again from revisions, changes and documents, and compared."""
