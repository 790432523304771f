"""The append-only log: drafts, releases and all queries on them."""
