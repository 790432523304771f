"""Answers of a site: further pages of a document, redirects within a page, and content not requested."""
