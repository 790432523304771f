"""Second stage of ranking, by features of the texts."""
