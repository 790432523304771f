"""Reference data and parsers: government bodies, divisions, document numbers, agency codes."""
