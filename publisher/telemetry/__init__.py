"""What a process tells its operator: log lines and metrics, without personal data."""
