"""Feeds of changes, findings, effects, commitments and source pages; OPML, hub topics and the calendar."""
