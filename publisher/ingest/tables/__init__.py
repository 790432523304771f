"""Grids of cells become raw records: header, rows, nesting, forms."""
