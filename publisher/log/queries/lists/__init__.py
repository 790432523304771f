"""Lists of the records of a dataset, with totals and facets."""
