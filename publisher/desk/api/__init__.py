"""The desk's API for programs, under /desk/v1."""
