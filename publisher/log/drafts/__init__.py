"""Drafts: staging, plan, conflicts and preview."""
