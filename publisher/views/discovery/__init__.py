"""DCAT data catalogue, sitemap and robots.txt."""
