"""The type of a rectangle on the map, in a module of its own because ``boundaries`` loads shapely."""

type Box = tuple[float, float, float, float]
"""West, south, east, north: degrees of WGS 84."""
