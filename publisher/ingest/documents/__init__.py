"""Official documents: parts, labels, outline and relations."""
