"""The log fed to the search engine."""
