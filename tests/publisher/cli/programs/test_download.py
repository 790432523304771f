"""Downloads of commands wait for a site that writes the file, and end at a limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.cli.download import DownloadError, download
from tests.support.command import Home
from tests.support.servers.loopback import Answer, WebRequest, Write, loopback_server


def test_a_file_that_the_site_still_writes_is_requested_again(tmp_path: Path) -> None:
    with loopback_server() as server:

        def busy_once(_request: WebRequest, _write: Write) -> Answer:
            is_first = len(server.requests) == 1
            return Answer(status=503, headers={"Retry-After": "0"}) if is_first else Answer(b"zip")

        server.answers["/log.zip"] = busy_once
        download(f"{server.base}/log.zip", tmp_path / "log.zip")
    assert (tmp_path / "log.zip").read_bytes() == b"zip"


def test_more_bytes_than_a_file_can_have_end_its_download(tmp_path: Path) -> None:
    with loopback_server() as server:
        server.answers["/x"] = Answer(b"x" * 11)
        with pytest.raises(DownloadError, match="> 10 B"):
            download(f"{server.base}/x", tmp_path / "x", most_bytes=10)


def test_a_restore_whose_archive_cannot_be_had_restores_nothing(site: Home, tmp_path: Path) -> None:
    site.dataset()
    site.ok("backup", tmp_path / "backups")
    other = Home(tmp_path / "other")
    for archive in (tmp_path / "log.zip", "http://127.0.0.1:9"):
        ran = other.run("restore", tmp_path / "backups", "--no-checkpoint", "--complete-from", archive)
        assert ran.code in (3, 4)
    assert not other.home.exists()
