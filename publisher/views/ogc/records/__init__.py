"""Records: the datasets as a catalogue."""
