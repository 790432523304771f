"""Changes as Atom, RSS and JSON Feed."""
