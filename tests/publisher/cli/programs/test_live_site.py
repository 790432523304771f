"""``qingdan verify --from``: a live site is verified, and continues the checkpoint of the run before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from publisher.log.transparency import key_statements
from tests.support.command import Home
from tests.support.servers import http_service
from tests.support.site import FEES, PLAIN, Site, four_releases, publish

pytestmark = pytest.mark.slow


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[Site, str]]:
    """A site with a key, behind a real server → the site and its address."""
    bound = http_service.loopback_socket()
    base = http_service.address(bound)
    with four_releases(tmp_path / "live", base=base) as site, http_service.serving(site.app, bound):
        site.log.keys.create()
        yield site, base


def test_each_run_continues_the_checkpoint_of_the_run_before(site: Home, live: tuple[Site, str]) -> None:
    server, base = live
    first = site.ok("verify", "--from", base, "--json").json
    assert (first["ok"], first["compared"], first["problem"]) == (True, 0, None)
    checkpoint_file = Path(first["checkpoint"])
    assert checkpoint_file.read_text(encoding="utf-8") == server.log.proofs.checkpoint()
    publish(server.log, FEES, PLAIN[:2], date(2016, 3, 2), "示财〔2016〕3号")
    second = site.ok("verify", "--from", base, "--json").json
    assert (second["compared"], second["checkpoint"]) == (1, str(checkpoint_file))
    assert any(line.startswith(f"{checkpoint_file}: 8 entries, signed by") for line in second["said"])
    assert checkpoint_file.read_text(encoding="utf-8") == server.log.proofs.checkpoint()
    printed = site.ok("verify", "--from", base)
    assert "日志和文件无误，与1个保存的存证点一致。" in printed.err


def test_a_past_that_was_rewritten_is_refused_and_the_kept_checkpoint_stays(
    site: Home, live: tuple[Site, str]
) -> None:
    server, base = live
    checkpoint_file = Path(site.ok("verify", "--from", base, "--json").json["checkpoint"])
    before = checkpoint_file.read_text(encoding="utf-8")
    key = server.log.keys.all()[-1].key
    with server.log._session.database.write() as conn:
        for table in ("checkpoint", "tile", "entry"):
            conn.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - our own names
        for table in ("site", "dataset"):
            conn.execute(text(f"UPDATE {table} SET document = NULL"))  # noqa: S608 - our own names
        conn.execute(text("UPDATE revision SET locator = '{}' WHERE key = 1"))
    server.log.releases.reseal()
    with server.log._session.append() as conn:
        statement = key_statements.statement_text(conn, key, lost=False, at=1)
        signature = server.log._session.keys.sign(key, statement)
        key_statements.append_statement(conn, statement, [signature], 1)
    ran = site.run("verify", "--from", base, "--json")
    assert (ran.code, ran.json["ok"], ran.json["checkpoint"]) == (1, False, None)
    assert str(checkpoint_file) in ran.json["problem"]
    assert checkpoint_file.read_text(encoding="utf-8") == before


def test_an_altered_table_is_named_by_record_and_field(site: Home, live: tuple[Site, str]) -> None:
    server, base = live
    with server.log._session.database.write() as conn:
        conn.execute(
            text(
                "UPDATE span SET effective_from = effective_from - 1 WHERE status = 'stated' AND known_to > 1"
            )
        )
    ran = site.run("verify", "--from", base)
    assert ran.code == 1
    assert "field effective_from" in ran.out + ran.err


def test_a_site_that_does_not_answer_is_unavailable(site: Home) -> None:
    (port,) = http_service.free_ports(1)
    ran = site.run("verify", "--from", f"http://127.0.0.1:{port}")
    assert ran.code == 4
    assert "site-unavailable" in ran.err


def test_options_of_the_own_log_are_refused(site: Home) -> None:
    assert site.run("verify", "--from", "http://127.0.0.1:9", "--sources").code == 2
