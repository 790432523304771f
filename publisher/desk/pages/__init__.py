"""Pages of the desk, rendered by the server; they work without JavaScript."""
