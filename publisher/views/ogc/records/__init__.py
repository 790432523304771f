"""OGC API Records: the site as a data catalog."""
