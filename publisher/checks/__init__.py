"""Checks of the published lists against one another; one file a check."""
