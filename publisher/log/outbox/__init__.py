"""Changes pending for the search engine and for subscribers."""
