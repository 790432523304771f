"""Checks of the bases of charges, funds, services and powers: level, succession, and what they create."""
