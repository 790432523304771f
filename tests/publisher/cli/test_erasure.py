"""An erasure by command: nothing of the record is left in the home, or the command says what is."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.support.command import Home, item, xlsx

ITEMS = [item("危险化学品经营许可"), item("安全生产许可证核发")]


def search_titles(site: Home, text: str) -> list[str]:
    return [hit["title"]["text"] for hit in site.ok("search", text, "--json").json["hits"]]


@pytest.mark.slow
def test_an_erased_record_is_gone_from_the_home_and_the_chain_verifies(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    secret = "张三举报的许可事项"
    workbook = xlsx(tmp_path / "应急管理局.xlsx", [*ITEMS, item(secret)])
    site.ok("import", workbook, "--dataset", "shili-power-list")
    site.ok("publish", "shili-power-list", "--effective-on", "2015-12-01", "--basis", "鞍政发〔2015〕34号")
    assert secret in search_titles(site, secret)
    site.ok("erase", "shili-power-list", secret, "--ground", "（2016）辽03民终1号", "--yes")
    assert secret not in search_titles(site, secret)
    assert [name for name, data in site.files().items() if secret.encode() in data] == []
    assert site.ok("verify", "--json").json["erased"] == 1


@pytest.mark.slow
def test_an_erasure_that_a_reader_holds_up_is_published_and_says_what_is_left(
    site: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.dataset("shili-power-list", "应急管理局")
    site.ok("import", xlsx(tmp_path / "应急管理局.xlsx", ITEMS), "--dataset", "shili-power-list")
    site.ok("publish", "shili-power-list", "--effective-on", "2015-12-01", "--basis", "鞍政发〔2015〕34号")
    monkeypatch.setattr("publisher.log.database.sqlite.BUSY_MILLISECONDS", 10)
    monkeypatch.setattr("publisher.log.database.connection._CHECKPOINT_TRIES", 3)
    erase = ("erase", "shili-power-list", "安全生产许可证核发", "--ground", "（2016）辽03民终1号", "--yes")
    with contextlib.closing(sqlite3.connect(site.home / "qingdan.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM span").fetchone()
        ran = site.run(*erase)
    assert ran.code == 4
    assert "erasure-incomplete" in ran.err
    assert search_titles(site, "安全生产许可证核发")[:1] != ["安全生产许可证核发"]
    holds = [name for name, data in site.files().items() if "安全生产许可证核发".encode() in data]
    assert holds == []
