"""Changes of the whole site as a list: filters, counts and pages; directions of charges and limits."""
