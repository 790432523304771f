"""Pages for people: the log in a browser, printed on the server, good without a script."""
