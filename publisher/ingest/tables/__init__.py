"""Tables of a file: header, rows, nesting and forms, read into raw records."""
