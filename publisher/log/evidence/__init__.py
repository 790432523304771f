"""Web pages and files, stored as received."""
