"""Pages of what the checks find: the list, one finding, and a check."""
