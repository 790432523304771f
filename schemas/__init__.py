"""What a list is: catalogue definitions, cells and reference data."""
