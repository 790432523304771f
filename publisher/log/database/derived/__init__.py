"""Tables that are derived from the log, and rebuilt from it at any time."""
