"""Files of a whole state, one module a format."""
