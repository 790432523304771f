"""The append-only log: drafts, releases and the queries over them."""
