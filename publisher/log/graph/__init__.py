"""Works, what cites them and what they change, on any day, as known at any time."""
