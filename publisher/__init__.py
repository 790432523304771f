"""The service: it ingests lists, keeps them in a log and serves every view of it."""
