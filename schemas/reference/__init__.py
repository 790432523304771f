"""Government bodies, divisions, document numbers and codes."""
