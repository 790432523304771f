"""Pages of the desk, printed by the server and whole without a script."""
