"""Changes that wait for the search engine and for subscribers."""
