"""A rectangle on the map."""

type Box = tuple[float, float, float, float]
"""West, south, east, north: degrees of WGS 84."""
