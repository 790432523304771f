"""Files and answers of a process of its own are those of the service's threads."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.heavy_work import perform
from publisher.web.capacity.work_pools import WorkPool
from tests.support.site import FEES, HOST, four_releases

DATASET = f"/v1/datasets/{FEES}"
FILES = (
    f"{DATASET}/files/csv",
    f"{DATASET}/releases/2/files/xlsx",
    f"{DATASET}/releases/2/delta?from=1",
    f"{DATASET}/compare.xlsx?from=1&to=2",
    "/v1/log.zip",
)
QUERIES = (
    f"{DATASET}/records?limit=2",
    f"{DATASET}/compare?from=1&to=2",
    "/v1/findings",
    f"/datasets/{FEES}",
    f"/datasets/{FEES}/compare?from=1&to=2",
    "/changes",
    f"/ogc/collections/{FEES}/items?limit=2",
    f"/ogc/collections/{FEES}/items?f=html",
)
REFUSED = (
    f"{DATASET}/releases/99/files/csv",
    f"{DATASET}/records?release=99",
    f"{DATASET}/records?limit=0",
    f"{DATASET}/records?cursor=x",
    f"/datasets/{FEES}?release=99",
    f"/ogc/collections/{FEES}/items?limit=x",
    "/ogc/collections/none/items",
)
_OWN = ("last-modified",)
"""Of what does not change with the log, when the service began."""


@pytest.mark.slow
def test_a_process_answers_as_a_thread(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WorkPool, "is_idle", False)  # as if other queries ran
    with four_releases(tmp_path) as site:
        make = partial(create_app, site.settings)
        with TestClient(make(perform=perform), base_url=HOST) as client:
            answers = {path: client.get(path) for path in (*FILES, *QUERIES, *REFUSED)}
            etags = {path: answers[path].headers["etag"] for path in QUERIES}
            again = [client.get(path, headers={"if-none-match": tag}) for path, tag in etags.items()]
        for file in site.settings.files.glob("*/*"):
            file.unlink()
        with TestClient(make(), base_url=HOST) as client:
            expected = {path: client.get(path) for path in answers}
    assert {answer.status_code for answer in again} == {304}
    for path, answer in answers.items():
        other = expected[path]
        assert answer.status_code == other.status_code, path
        assert answer.is_success is (path not in REFUSED), (path, answer.text)
        assert answer.content == other.content, path
        headers = [{n: t for n, t in r.headers.items() if n not in _OWN} for r in (answer, other)]
        assert headers[0] == headers[1], path
    assert "Traceback" not in capfd.readouterr().err
