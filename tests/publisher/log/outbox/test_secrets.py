"""Secrets of webhooks are the worker's."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from publisher.log.log import Log
from tests.support.command import Home


def test_what_anybody_can_reach_cannot_read_secrets_or_addresses_of_webhooks(tmp_path: Path) -> None:
    site = Home(tmp_path / "site")
    site.init()
    url, sources = f"sqlite:///{site.home / 'qingdan.db'}", site.home / "sources"
    with closing(Log.open(url, sources=sources)) as log:
        log.subscriptions.subscribe("https://receiver.example.gov.cn/hook", "{}")
    with closing(Log.open(url, sources=sources, read_only=True)) as log:
        assert log.subscriptions.all()[0].secret.startswith("whsec_")
    with closing(Log.open(url, sources=sources, public=True)) as log:
        with pytest.raises(DatabaseError, match="prohibited"):
            log.subscriptions.all()
        assert log.datasets.site().base == "https://data.example.gov.cn"
