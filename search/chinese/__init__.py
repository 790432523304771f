"""Analysis of Chinese text."""
