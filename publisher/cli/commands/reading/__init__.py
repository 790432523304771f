"""Commands that read what is published: history, comparisons, search, files."""
