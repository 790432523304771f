"""Transparency: the entries of the site, their Merkle tree, signed checkpoints and proofs."""
