"""The same log gives the same feed: in every process, after a rebuild, and on a site that is built anew."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from tests.publisher.views.syndication.conftest import FIRST, SECOND, Service, made
from tests.support.site import FEES

ADDRESSES = (
    *(f"/feeds/{FEES}.{form}" for form in ("atom", "rss", "json")),
    "/feeds/all.atom?change=removed&change=fee-raised",
    f"/feeds/search.atom?q={quote('收费')}",
    "/feeds.opml",
)


def grown(service: Service) -> None:
    service.publish(FIRST)
    service.publish(SECOND)
    service.log.releases.correct(
        FEES, {service.record("遗体整容"): {**FIRST[2], "standard": "20元/具"}}, reason="更正：误录"
    )
    service.index()


def test_another_process_gives_the_same_bytes_and_tags(service: Service, tmp_path: Path) -> None:
    grown(service)
    command = [sys.executable, "-m", "tests.publisher.views.syndication.job", str(tmp_path), *ADDRESSES]
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    for address, line in zip(ADDRESSES, ran.stdout.splitlines(), strict=True):
        answer = service.client.get(address)
        status, digest, tag = line.split()
        assert (status, digest) == ("200", hashlib.sha256(answer.content).hexdigest())
        # The list of all feeds holds what is in effect today, which is another day there.
        assert (tag == answer.headers["etag"]) is (address != "/feeds.opml")


def test_a_site_that_is_built_anew_from_the_same_releases_gives_the_same_bytes(tmp_path: Path) -> None:
    built = []
    for name in ("first", "again"):
        (tmp_path / name).mkdir()
        with made(tmp_path / name) as service:
            grown(service)
            built.append([service.client.get(address).content for address in ADDRESSES])
    assert built[0] == built[1]


def test_spans_that_are_laid_anew_leave_every_feed_as_it_was(service: Service) -> None:
    grown(service)
    before = [service.client.get(address).content for address in ADDRESSES]
    service.log.releases.rebuild_spans()
    assert [service.client.get(address).content for address in ADDRESSES] == before
