"""How the command prints, fails and exits."""
