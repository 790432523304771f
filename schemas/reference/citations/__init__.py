"""Parts of citations: the signs of a text, orders, and lists of articles."""
