"""A node that accepts connections and answers nothing, as a frozen one does."""

from __future__ import annotations

import socket
import time

import anyio
import pytest

from search.contract import SearchError
from search.elastic.connection import Connection
from search.elastic.engine import ElasticsearchEngine


@pytest.mark.slow
def test_a_search_of_a_frozen_node_ends_within_its_deadline() -> None:
    async def story() -> None:
        engine = ElasticsearchEngine(Connection((address,), deadline=0.5))
        started = time.monotonic()
        for read in (engine.count, engine.position):
            with pytest.raises(SearchError) as caught:
                await read()
            assert caught.value.retry_after == 10
        assert time.monotonic() - started < 5
        await engine.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        anyio.run(story)
