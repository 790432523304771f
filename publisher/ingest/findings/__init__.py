"""Every finding of an import, by kind."""
