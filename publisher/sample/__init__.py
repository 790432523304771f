"""The sample data that ships, and the demo site that is made of it."""
