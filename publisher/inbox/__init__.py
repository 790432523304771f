"""What the public may write: requests for correction, in a store apart from the log."""
