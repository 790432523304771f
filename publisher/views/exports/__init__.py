"""Files of whole states, one module for each format."""
