"""Publication, amendment, erasure, spans and the hash chain."""
