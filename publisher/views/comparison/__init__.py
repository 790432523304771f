"""Two states of a dataset compared."""
