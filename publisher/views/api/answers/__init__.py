"""Bodies of responses: the structs of the frozen contract."""
