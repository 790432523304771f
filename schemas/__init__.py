"""Definition of a list: catalogue definitions, parsing of cells, reference data."""
