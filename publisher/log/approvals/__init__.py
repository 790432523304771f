"""Approvals: what a second person approved, and the rule that nothing else is published."""
