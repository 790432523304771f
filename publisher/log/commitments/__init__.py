"""Commitments of plans and the evidence that they were met, on any day, as known at any time."""
