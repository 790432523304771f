"""The same log gives the same feed in every process, after a rebuild, and on a new site."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.publisher.views.syndication.conftest import FIRST, SECOND, Service, open_service
from tests.support.log import rebuild_spans
from tests.support.site import FEES

ADDRESSES = (
    *(f"/feeds/{FEES}.{form}" for form in ("atom", "rss", "json")),
    "/feeds/all.atom?change=removed&change=fee-raised",
    f"/feeds/search.atom?q={quote('收费')}",
    "/feeds.opml",
)


def publish_and_correct(service: Service) -> None:
    service.publish(FIRST)
    service.publish(SECOND)
    service.log.releases.correct(
        FEES, {service.record("遗体整容"): {**FIRST[2], "standard": "20元/具"}}, reason="更正：误录"
    )
    service.index()


@pytest.mark.slow
def test_another_process_gives_the_same_bytes_and_tags(service: Service, tmp_path: Path) -> None:
    publish_and_correct(service)
    command = [sys.executable, "-m", "tests.publisher.views.syndication.job", str(tmp_path), *ADDRESSES]
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    for address, line in zip(ADDRESSES, process.stdout.splitlines(), strict=True):
        answer = service.client.get(address)
        status, digest, tag = line.split()
        assert (status, digest) == ("200", hashlib.sha256(answer.content).hexdigest())
        # The list of all feeds depends on the present day, which differs in the other process.
        assert (tag == answer.headers["etag"]) is (address != "/feeds.opml")


@pytest.mark.slow
def test_a_new_site_with_the_same_releases_gives_the_same_bytes(tmp_path: Path) -> None:
    built = []
    for name in ("first", "again"):
        (tmp_path / name).mkdir()
        with open_service(tmp_path / name) as service:
            publish_and_correct(service)
            built.append([service.client.get(address).content for address in ADDRESSES])
    assert built[0] == built[1]


@pytest.mark.slow
def test_rebuilt_spans_do_not_change_any_feed(service: Service) -> None:
    publish_and_correct(service)
    before = [service.client.get(address).content for address in ADDRESSES]
    rebuild_spans(service.log)
    assert [service.client.get(address).content for address in ADDRESSES] == before
