"""The search engine that the settings name, opened by what a site's processes share."""

from __future__ import annotations

from publisher.settings import Settings
from search.contract import SearchEngine


def open_engine(settings: Settings) -> SearchEngine:
    """The embedded engine in the home folder, or Elasticsearch. Nothing is read or asked yet."""
    if settings.cluster is not None:
        from search.elastic.engine import ElasticsearchEngine  # noqa: PLC0415 - the client takes 0.3 s to load

        return ElasticsearchEngine(settings.cluster)
    from search.embedded.engine import EmbeddedEngine  # noqa: PLC0415 - the commands that do not search start quickly

    return EmbeddedEngine(settings.index)
