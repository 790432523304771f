"""HTTP: routes, conditional requests, problems. Independent of content."""
