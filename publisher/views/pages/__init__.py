"""HTML pages of the log, rendered on the server. They work without JavaScript."""
