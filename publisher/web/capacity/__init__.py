"""Limits of the work that the service does at once, by client and by kind, and the processes that do it."""
