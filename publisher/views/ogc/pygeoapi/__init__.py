"""Adapters to pygeoapi."""
