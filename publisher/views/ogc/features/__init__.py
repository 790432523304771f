"""Features: items of datasets, and divisions."""
