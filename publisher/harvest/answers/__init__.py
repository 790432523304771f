"""Answers of a site that are not what was requested: redirects within a page, and other content."""
