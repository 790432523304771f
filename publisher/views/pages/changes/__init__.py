"""The changes of the whole site: the page, its files and its feed."""
