"""Templates, head, labels and values of pages."""
