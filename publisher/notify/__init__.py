"""Subscribers and hubs are told of changes."""
