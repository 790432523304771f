"""Web pages and files as received."""
