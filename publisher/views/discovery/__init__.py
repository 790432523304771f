"""Metadata by which programs find the lists (DCAT, typed links, sitemaps, robots.txt), and readers' needs."""
