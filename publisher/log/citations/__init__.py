"""Works, citations and effects of each revision: derived from its content after the release."""
