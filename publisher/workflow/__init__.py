"""The clerk's tasks: import files, publish a draft."""
