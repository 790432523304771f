"""What ``status`` says of signatures, witnesses and releases from before the proofs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from publisher.log.transparency.key_files import KeyFiles
from publisher.log.transparency.signed_note import COSIGNATURE
from tests.publisher.log.test_migrations import restore
from tests.support.command import Home

HOUR = 3_600_000_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "site")
    home.init()
    home.ok("key", "new")
    return home


def make_older(home: Home, micros: int) -> None:
    """Take the signatures away, and date the checkpoints back."""
    with closing(sqlite3.connect(home.home / "qingdan.db")) as conn, conn:
        conn.execute("UPDATE checkpoint SET note = NULL, created_at = created_at - ?", (micros,))


def test_a_checkpoint_without_signature_is_a_warning_after_an_hour(home: Home) -> None:
    assert "已签名" in home.ok("--lang", "zh", "status").out
    make_older(home, HOUR // 2)
    young = home.ok("--lang", "zh", "status")
    assert "尚未签名" in young.out
    assert "超过一小时" not in young.err
    make_older(home, HOUR)
    old = home.ok("--lang", "zh", "status")
    assert "存证点已超过一小时没有签名" in old.err
    assert "not been signed for over an hour" in home.ok("--lang", "en", "status").err


def test_status_names_each_witness(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = KeyFiles(tmp_path / "keys").create("witness.example.org", COSIGNATURE)
    monkeypatch.setenv("QINGDAN_WITNESSES", f"https://witness.example.org {key}")
    assert "witness.example.org: 0个日志条目" in home.ok("--lang", "zh", "status").out
    (one,) = home.ok("status", "--json").json["checkpoint"]["witnesses"]
    assert one == {
        "name": "witness.example.org",
        "entries": 0,
        "cosigned_at": None,
        "tried_at": None,
        "error": "",
    }
    monkeypatch.setenv("QINGDAN_WITNESSES", f"https://witness.example.org {key}x")
    refused = home.run("status")
    assert refused.code == 1
    assert "QINGDAN_WITNESSES" in refused.err


@pytest.mark.slow
def test_the_command_that_upgrades_says_since_when_old_releases_are_vouched_for(tmp_path: Path) -> None:
    home = Home(tmp_path / "site")
    home.home.mkdir()
    restore(f"sqlite:///{home.home / 'qingdan.db'}", "0009")
    upgrade = home.ok("--lang", "zh", "releases", "fees")
    assert "此日之前是否变化过，无从证明" in upgrade.err
    assert "此日之前" not in home.ok("--lang", "zh", "releases", "fees").err  # only once
    assert "vouched for from that day on only" in home.ok("--lang", "en", "status").err  # and always here
    assert home.ok("status", "--json").json["checkpoint"]["resealed"]["releases"] == 6
