"""Pages of commitments: what plans promised, and what became of it."""
