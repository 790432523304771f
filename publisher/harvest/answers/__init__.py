"""Answers of a site: further pages of a document, redirects within a page, answers that are not the page."""
