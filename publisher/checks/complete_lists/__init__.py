"""Checks against lists that their own publishers state to be complete."""
