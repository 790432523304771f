"""Routes: what plans promised, and the evidence that it was done."""
