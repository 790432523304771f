"""Time limits of records as a view: their steps over time, and how many became shorter or longer."""
