"""Native parsers that run in a separate process."""
