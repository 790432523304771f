"""Search by meaning: vectors of texts from a small model of the language, where one is installed."""
