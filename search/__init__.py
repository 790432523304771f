"""Full-text Chinese search on two engines."""
