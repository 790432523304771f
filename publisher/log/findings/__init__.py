"""Findings of the checks as a view of the log: periods on both clocks, like spans."""
