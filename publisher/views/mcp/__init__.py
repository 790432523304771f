"""Tools for assistants by the Model Context Protocol: answers that cite, and an honest “not held”."""
