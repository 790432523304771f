"""What is not in a list that its own publisher stated to be complete."""
