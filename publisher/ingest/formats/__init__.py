"""File formats: bytes become grids of cells, records or text."""
