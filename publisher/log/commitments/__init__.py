"""What plans promised, and what shows that it was done, on any day, as known at any time."""
