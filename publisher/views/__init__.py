"""Everything that is read off the log."""
