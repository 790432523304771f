"""What is told to the world of the log: feeds of every scope."""
