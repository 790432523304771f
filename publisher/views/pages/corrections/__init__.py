"""Pages of corrections: the form of a record, its receipt, and what was accepted."""
