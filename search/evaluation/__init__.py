"""Relevance measured by judgements."""
