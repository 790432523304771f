"""Notification of subscribers and hubs."""
