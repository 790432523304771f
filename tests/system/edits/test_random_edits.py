"""Edits of single values anywhere: each is named by ``qingdan verify``, or nobody sees an effect."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
import pytest

from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.log.transparency.key_files import KeyFiles
from publisher.log.verification.integrity import Scope
from publisher.settings import Settings
from publisher.site_verification import verify_site
from search.embedded.engine import EmbeddedEngine
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.servers import postgresql
from tests.system.edits import everything
from tests.system.edits.crawl import Answers, crawl
from tests.system.edits.edits import Edit, Editor, RefusedError, count_rows

HANDFUL = 25
"""Edits of the ordinary test, each with several crawls of the site; ``make soak`` makes 500."""

pytestmark = pytest.mark.slow


@dataclass
class Original:
    """The site before any edit, and copies of it."""

    settings: Settings
    folder: Path
    server: postgresql.Server | None
    answers: Answers | None = None
    documents: list[str] | None = None

    @contextmanager
    def copied(self) -> Iterator[Settings]:
        """Copy the home and the database."""
        home = self.folder / "copy"
        shutil.copytree(self.settings.home, home)
        database = f"sqlite:///{home / 'qingdan.db'}"
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, home)
            if self.server is not None:
                name = self.settings.database.rpartition("/")[2]
                database = stack.enter_context(self.server.copied(name))
            yield replace(self.settings, home=home, database=database)

    def is_harmless(self, edit: Callable[[Settings], object]) -> bool:
        """Report whether a crawl of the edited site and its next publications are those of the original."""
        if self.answers is None:
            with self.copied() as settings:
                self.answers = crawl(settings)
            with self.copied() as settings:
                self.documents = _publish(settings)
        with self.copied() as settings:
            edit(settings)
            if crawl(settings) != self.answers:
                return False
        with self.copied() as settings:
            edit(settings)
            return _publish(settings) == self.documents


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Original]:
    folder = tmp_path_factory.mktemp("edits")
    home = folder / "site"
    if request.param == "sqlite":
        home.mkdir()
        sqlite.new(home / "qingdan.db")
        settings = everything.build(home)
        crawl(settings)  # generates files
        yield Original(settings, folder, None)
        return
    server = request.getfixturevalue("postgresql_server")
    with server.database() as url:
        settings = everything.build(home, url)
        crawl(settings)
        yield Original(settings, folder, server)


def problems(settings: Settings) -> list[str]:
    """Problems that ``qingdan verify --sources --index`` names; a site that cannot be opened is one."""
    keys = KeyFiles(settings.keys)
    clock = Clock(everything.NOW)
    try:
        log = Log.open(settings.database, sources=settings.sources, clock=clock, keys=keys, read_only=True)
    except LogError as error:
        return [error.en]
    engine = EmbeddedEngine(settings.index)
    try:
        scope = Scope(sources=True, index=True)
        return list(anyio.run(verify_site, settings, log, engine, scope, lambda _: None).problems)
    except LogError as error:
        return [error.en]
    finally:
        log.close()
        anyio.run(engine.close)


def _publish(settings: Settings) -> list[str]:
    """Publish next, with salts that are the same each time. → the documents, or why it was refused."""
    drawn = 0

    def token_bytes(size: int = 32) -> bytes:
        nonlocal drawn
        drawn += 1
        return hashlib.shake_256(b"%d" % drawn).digest(size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_bytes", token_bytes)
        with everything.opened(settings, Clock(everything.NOW)) as (log, _):
            return everything.publish_next(log)


def test_the_site_has_rows_in_every_table_and_verifies(original: Original) -> None:
    rows = count_rows(original.settings.database)
    empty = {"source_bytes"} if original.server is None else set()
    assert {name for name, count in rows.items() if not count} == empty
    assert problems(original.settings) == []
    if original.server is None:  # crawls are as repeatable on PostgreSQL, where each takes half a minute
        assert original.is_harmless(lambda _: None)


def test_random_edits_are_named_or_have_no_effect(original: Original) -> None:
    check_edits(original, HANDFUL, seed=15)


@pytest.mark.soak
def test_500_random_edits_are_named_or_have_no_effect(original: Original) -> None:
    seed = int(os.environ.get("QINGDAN_TEST_SEED", "2026"))
    check_edits(original, int(os.environ.get("QINGDAN_TEST_EDITS", "500")), seed=seed)


def check_edits(original: Original, number: int, *, seed: int) -> None:
    named: Counter[str] = Counter()
    harmless: dict[str, list[str]] = defaultdict(list)
    harmful: list[Edit] = []
    refused = turn = 0
    while named.total() + sum(map(len, harmless.values())) + len(harmful) < number:
        turn += 1
        turn_seed = seed * 1_000_000 + turn

        def edit(settings: Settings, turn_seed: int = turn_seed) -> Edit:
            return Editor(turn_seed).apply(settings)

        with original.copied() as settings:
            try:
                made = edit(settings)
            except RefusedError:
                refused += 1
                continue
            if problems(settings):
                named[made.place] += 1
                continue
        if original.is_harmless(edit):
            harmless[made.place].append(made.detail)
        else:
            harmful.append(made)
            print("UNNAMED", made, flush=True)
    print(f"{number} edits, {refused} more refused by the database; {named.total()} named")
    for place in sorted(named | dict.fromkeys(harmless, 0)):
        print(f"{place}: {named[place]} named, {len(harmless.get(place, ()))} harmless")
    for details in harmless.values():
        print(*details, sep="\n")
    assert harmful == []
