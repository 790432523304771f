"""OGC API Records: the site as a catalogue."""
