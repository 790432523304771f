"""Log lines and metrics of a process for its operator, without personal data."""
