"""Sample data of the package, and the demo site built from it."""
