"""Number formats of spreadsheets: the text that a program shows for a stored number."""
