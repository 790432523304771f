"""Search engine on Elasticsearch."""
