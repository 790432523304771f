"""Notices that a government site has to publish: privacy, accessibility, copyright."""
