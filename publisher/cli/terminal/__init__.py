"""Terminal output, failures and exit codes of the command."""
