"""Commands by which lists are handed in, checked, published and amended."""
