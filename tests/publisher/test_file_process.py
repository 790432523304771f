"""Files that a process of its own generates are those of this process."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.file_process import generate_file
from tests.support.site import FEES, HOST, four_releases

DATASET = f"/v1/datasets/{FEES}"
FILES = (
    f"{DATASET}/files/csv",
    f"{DATASET}/releases/2/files/xlsx",
    f"{DATASET}/releases/2/delta?from=1",
    f"{DATASET}/compare.xlsx?from=1&to=2",
    "/v1/log.zip",
)


def test_files_of_a_process_are_those_of_a_thread(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with four_releases(tmp_path) as site:
        make = partial(create_app, site.settings)
        with TestClient(make(generate_file=partial(generate_file, site.settings)), base_url=HOST) as client:
            answers = {path: client.get(path) for path in FILES}
            refused = client.get(f"{DATASET}/releases/99/files/csv")
        for file in site.settings.files.glob("*/*"):
            file.unlink()
        with TestClient(make(), base_url=HOST) as client:
            expected = {path: client.get(path) for path in FILES}
    for path, answer in answers.items():
        assert (answer.status_code, expected[path].status_code) == (200, 200), path
        assert answer.content == expected[path].content, path
    assert refused.status_code == 404
    assert "Traceback" not in capfd.readouterr().err
