"""OGC API Features and Records: every dataset a collection, the site a catalogue, through pygeoapi."""
