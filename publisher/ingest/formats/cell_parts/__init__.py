"""Parts of cells that are no text: pictures, controls and texts that a page cuts."""
