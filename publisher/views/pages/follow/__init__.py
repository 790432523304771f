"""How people follow changes: feeds, shown readable, and e-mail."""
