"""Files that a client does not take count against it, over real requests of the service."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from publisher.web.capacity import client_budget
from tests.support.site import FEES, four_releases

PATH = f"/v1/datasets/{FEES}/releases/1/files/csv"


def scope_of(address: str) -> dict[str, object]:
    head = {"type": "http", "method": "GET", "path": PATH, "raw_path": PATH.encode(), "query_string": b""}
    rest = {"headers": [(b"host", b"x")], "client": (address, 1), "server": ("x", 80), "scheme": "http"}
    return {**head, **rest, "http_version": "1.1", "root_path": "", "asgi": {"version": "3.0"}}


@pytest.mark.slow
def test_a_client_that_reads_nothing_gets_only_so_many_files_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_budget, "MOST_DOWNLOADS", 2)
    with four_releases(tmp_path) as site:
        anyio.run(ask_for_files, site.app)


async def ask_for_files(app: object) -> None:
    reads = anyio.Event()

    async def receive() -> dict[str, object]:
        await anyio.sleep_forever()
        return {}

    async def ask(address: str, statuses: list[int], *, is_slow: bool = False) -> None:
        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(int(str(message["status"])))
            elif is_slow:
                await reads.wait()

        await app(scope_of(address), receive, send)  # type: ignore[operator]

    async def wait_for(statuses: list[int], count: int) -> None:
        with anyio.fail_after(60):
            while len(statuses) < count:  # noqa: ASYNC110 - requests tell of it
                await anyio.sleep(0.01)

    slow: list[int] = []
    others: list[int] = []
    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(lambda: ask("192.0.2.7", slow, is_slow=True))
        await wait_for(slow, 2)
        await ask("192.0.2.7", slow)
        await ask("192.0.2.8", others)
        reads.set()
    await ask("192.0.2.7", slow)
    assert (slow, others) == ([200, 200, 429, 200], [200])
