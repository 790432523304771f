"""Feeds in third-party programs: jing with the grammar of RFC 4287, feedsmith, reader, feedparser."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest
from reader import Reader, UpdatedFeed, make_reader

from publisher.views.syndication.formats import FEED_FORMATS
from schemas.definition.catalogue import Content
from tests.publisher.views.syndication.conftest import FIRST, SECOND, Service, open_service
from tests.support.required import skip_or_fail
from tests.support.servers.http_service import serving
from tests.support.site import FEES, four_releases

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
NODE = Path(__file__).parents[3] / "system" / "contract" / "typescript"
HOSTILE: Content = {
    "name": "\x00甲\ufffe𠮷𪚥]]>&<b>\x0b\u2028",
    "department": "财政部门",
    "standard": "1元\r\n2元",
}
MANY: list[Content] = [{"name": f"第{n}项", "department": "民政部门"} for n in range(120)]


def require(condition: object, advice: str) -> None:
    if not condition:
        skip_or_fail(advice)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Save feeds by ``scope.form``: an empty one, one with hostile texts, a search, an archive."""
    folder = tmp_path_factory.mktemp("feeds")
    with open_service(tmp_path_factory.mktemp("site"), QINGDAN_HUB="https://hub.example/") as service:
        empty = {f"empty.{form}": f"{FEES}.{form}" for form in FEED_FORMATS}
        saved = dict(save_feeds(service, folder, empty))
        service.publish(FIRST)
        service.publish([*SECOND, HOSTILE, *MANY])
        service.log.releases.correct(
            FEES, {service.record("遗体整容"): {**FIRST[2], "standard": "20元/具"}}, reason="更正：误录"
        )
        service.log.releases.withdraw(FEES, [service.record("第1项")], reason="误列")
        service.index()
        addresses = {f"{name}.{form}": f"{name}.{form}" for name in (FEES, "all") for form in FEED_FORMATS}
        addresses |= {
            f"search.{form}": f"search.{form}?body=%E6%B0%91%E6%94%BF%E9%83%A8%E9%97%A8"
            for form in FEED_FORMATS
        }
        (older,) = [link.href for link in service.feed().feed.links if link.rel == "prev-archive"]
        query = older.partition("?")[2]
        addresses |= {f"archive.{form}": f"{FEES}.{form}?{query}" for form in FEED_FORMATS}
        yield saved | dict(save_feeds(service, folder, addresses))


def save_feeds(service: Service, folder: Path, addresses: dict[str, str]) -> Iterator[tuple[str, Path]]:
    for name, address in addresses.items():
        answer = service.client.get(f"/feeds/{address}")
        assert answer.status_code == 200, answer.text
        file = folder / name
        file.write_bytes(answer.content)
        yield name, file


@pytest.mark.program
def test_every_atom_feed_is_valid_by_the_grammar_of_rfc_4287(files: dict[str, Path]) -> None:
    require(shutil.which("jing"), "install jing")
    atom = [str(file) for name, file in files.items() if name.endswith(".atom")]
    process = subprocess.run(
        ["jing", "-c", str(HERE / "grammar" / "atom.rnc"), *atom], capture_output=True, text=True, check=False
    )
    assert (process.returncode, process.stdout) == (0, "")


@pytest.mark.program
def test_the_grammar_refuses_invalid_atom(files: dict[str, Path], tmp_path: Path) -> None:
    require(shutil.which("jing"), "install jing")
    text = files["all.atom"].read_text(encoding="utf-8")
    undated = text.replace("<updated>", "<updated>on ", 1)
    nameless = text.replace("<id>", "<ident>").replace("</id>", "</ident>")
    for number, broken in enumerate((undated, nameless)):
        file = tmp_path / f"{number}.atom"
        file.write_text(broken, encoding="utf-8")
        command = ["jing", "-c", str(HERE / "grammar" / "atom.rnc"), str(file)]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 1


@pytest.mark.program
def test_feedsmith_reads_the_same_entries_in_every_format(files: dict[str, Path]) -> None:
    require((NODE / "node_modules").is_dir(), "run npm ci in tests/system/contract/typescript")
    command = ["node", str(NODE / "feeds.mjs"), *map(str, files.values())]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    summaries = dict(zip(files, map(json.loads, process.stdout.splitlines()), strict=True))
    for name in {name.partition(".")[0] for name in files}:
        forms = [summaries[f"{name}.{form}"] for form in FEED_FORMATS]
        assert [one["format"] for one in forms] == ["atom", "rss", "json"]
        assert forms[0]["ids"] == forms[1]["ids"] == forms[2]["ids"]
        assert len({one["title"] for one in forms}) == 1
    assert len(summaries["all.atom"]["ids"]) == len(MANY) + 6
    assert summaries["empty.atom"]["ids"] == []


def test_feedparser_finds_no_fault_in_any(files: dict[str, Path]) -> None:
    for name, file in files.items():
        if not name.endswith(".json"):
            parsed = feedparser.parse(file.read_bytes())
            assert parsed.bozo is False, name


def update_feeds(reader: Reader) -> list[UpdatedFeed]:
    feeds = [one.value for one in reader.update_feeds_iter(scheduled=False)]
    assert all(isinstance(feed, UpdatedFeed) for feed in feeds)
    return [feed for feed in feeds if isinstance(feed, UpdatedFeed)]


def test_a_feed_reader_requests_by_tag_and_receives_each_new_entry_once(tmp_path: Path) -> None:
    statuses: list[int] = []

    def count_statuses(app: Any) -> Any:
        async def count_and_call(scope: Any, receive: Any, send: Any) -> None:
            async def send_counted(message: Any) -> None:
                if message["type"] == "http.response.start":
                    statuses.append(message["status"])
                await send(message)

            await app(scope, receive, send_counted)

        return count_and_call

    with four_releases(tmp_path) as site, serving(count_statuses(site.app)) as address:
        feeds = [f"{address}/feeds/all.{form}" for form in FEED_FORMATS]
        reader = make_reader(":memory:")
        for feed in feeds:
            reader.add_feed(feed)
        changes = len(site.log.queries.changes(cause="source"))
        first = update_feeds(reader)
        assert [value.new for value in first] == [changes] * len(feeds)
        statuses.clear()
        assert [one.value for one in reader.update_feeds_iter(scheduled=False)] == [None] * len(feeds)
        assert statuses == [304] * len(feeds)
        (record,) = {one.id for one in site.log.queries.find_by_title(FEES, "城镇垃圾处理费")}
        site.log.releases.withdraw(FEES, [record], reason="误列")
        again = update_feeds(reader)
        assert [value.new for value in again] == [1] * len(feeds)
        assert all(value.modified >= 1 for value in again)
        reader.close()
