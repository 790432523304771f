"""Measurement of relevance by judged queries."""
