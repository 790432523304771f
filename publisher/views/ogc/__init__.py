"""OGC API Features and Records through pygeoapi: every dataset is a collection, the site a data catalog."""
