"""Rendering of pages: templates, HTML head, labels, charts and field values."""
