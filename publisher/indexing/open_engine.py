"""Choice of the search engine by the settings."""

from __future__ import annotations

from publisher.settings import Settings
from search.contract import SearchEngine


def open_engine(settings: Settings) -> SearchEngine:
    """Return the embedded engine in the home folder, or Elasticsearch. Does not read or connect yet."""
    from search.semantic.encoder import Encoder  # noqa: PLC0415 - the commands that do not search start quickly

    encoder = Encoder(settings.model)
    if settings.cluster is not None:
        from search.elastic.engine import ElasticsearchEngine  # noqa: PLC0415 - the client takes 0.3 s to load

        return ElasticsearchEngine(settings.cluster, encoder=encoder)
    from search.embedded.engine import EmbeddedEngine  # noqa: PLC0415

    return EmbeddedEngine(settings.index, encoder=encoder)
