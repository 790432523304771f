"""Pages by which people follow changes: readable feeds, and e-mail."""
