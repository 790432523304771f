"""Harvest of web sources: pages become evidence, then documents in a draft (``qingdan collect``)."""
