"""Notification of subscribers, followers, hubs and witnesses."""
