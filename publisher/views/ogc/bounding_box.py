"""A rectangle on the map; apart from boundaries.py, which loads shapely."""

type Box = tuple[float, float, float, float]
"""West, south, east, north: degrees of WGS 84."""
