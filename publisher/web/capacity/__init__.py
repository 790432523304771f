"""How much work the service does at once, for whom, and where."""
