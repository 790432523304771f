"""DCAT data catalog, sitemap and robots.txt."""
