"""Files to download: whole states (one module for each format), deltas, and the archive of the log."""
