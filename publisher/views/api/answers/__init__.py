"""Bodies of answers: the structs of the frozen contract."""
