"""Files to download: whole states, deltas, and the archive of the log."""
