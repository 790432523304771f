"""Pages for developers: examples that were run, the documentation, and the reference of the API."""
