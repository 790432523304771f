"""Pages of time limits: the steps of a record, and how many became shorter or longer."""
