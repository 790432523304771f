"""Cell text becomes values."""
