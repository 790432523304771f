"""DCAT catalogue, sitemap and robots.txt."""
