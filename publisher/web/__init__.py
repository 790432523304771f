"""How HTTP is spoken: routes, conditional requests, problems. No content."""
