"""The second stage of ranking."""
