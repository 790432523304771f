"""Archives of feeds (RFC 5005): a reader that was offline for a year misses no change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from lxml import etree

from publisher.log.queries.feed_changes import BLOCK
from publisher.views.syndication import selection
from publisher.views.syndication.selection import ENTRIES
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.publisher.views.syndication.conftest import Service, dataset, open_service, parse_feed
from tests.support.site import BASE, FEES

pytestmark = pytest.mark.slow

MANY: list[Content] = [
    {"name": f"第{n}项收费", "department": "财政部门" if n % 7 else "民政部门", "standard": "1元"}
    for n in range(3 * BLOCK + 40)
]
ARCHIVE = "{http://purl.org/syndication/history/1.0}archive"


def link(parsed: Any, rel: str) -> str | None:
    hrefs = [link.href for link in parsed.feed.links if link.rel == rel]
    assert len(hrefs) <= 1
    return hrefs[0].removeprefix(BASE) if hrefs else None


def walk(service: Service, address: str) -> Iterator[Any]:
    """Yield the feed, then its archives from the newest to the oldest."""
    following: str | None = address
    visited = set()
    while following:
        assert following not in visited
        visited.add(following)
        parsed = parse_feed(service.client.get(following))
        yield parsed
        following = link(parsed, "prev-archive")


def publish_many(service: Service) -> None:
    service.publish(MANY)
    service.publish([{**MANY[0], "standard": "2元"}, *MANY[1:]])
    service.publish([{**MANY[0], "standard": "3元"}, *MANY[1:-1]])
    service.index()


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Shared site with archives; tests must not change it."""
    with open_service(tmp_path_factory.mktemp("site")) as service:
        publish_many(service)
        yield service


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/feeds/all.atom", len(MANY) + 3),
        pytest.param(f"/feeds/{FEES}.rss", len(MANY) + 3, marks=pytest.mark.slow),
        pytest.param(f"/feeds/{FEES}.atom?change=added", len(MANY), marks=pytest.mark.slow),
        (f"/feeds/{FEES}.atom?change=fee-raised", 2),
        pytest.param(f"/feeds/search.atom?q={quote('收费')}", len(MANY) + 3, marks=pytest.mark.slow),
        (f"/feeds/search.atom?body={quote('民政部门')}&change=added", (len(MANY) + 6) // 7),
    ],
)
def test_the_feed_and_its_archives_contain_every_change_and_no_other(
    archived: Service, address: str, expected: int
) -> None:
    documents = list(walk(archived, address))
    ids = [entry.id for parsed in documents for entry in parsed.entries]
    assert len(set(ids)) == len(ids) == expected  # no entry is in two documents
    assert min(ENTRIES, expected) <= len(documents[0].entries) < ENTRIES + BLOCK
    assert len(documents) <= 6


def test_a_search_feed_is_the_same_however_many_blocks_are_searched_together(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More hits than one search returns; the few that the feed announces are at both ends of the release."""
    monkeypatch.setattr(selection, "_MAX_HIT_CHANGES", 50)
    fallen = {0, 5, len(MANY) - 1}
    service.publish(MANY)
    service.publish(
        [{**row, "standard": "0.5元" if number in fallen else "2元"} for number, row in enumerate(MANY)]
    )
    service.index()
    for at_once in (1, 2, 3, 10):
        monkeypatch.setattr(selection, "_BLOCKS_AT_ONCE", at_once)
        documents = walk(service, f"/feeds/search.atom?q={quote('收费')}&change=fee-lowered")
        ids = [entry.id for parsed in documents for entry in parsed.entries]
        assert len(ids) == len(set(ids)) == len(fallen), at_once


def test_the_archive_at_the_end_of_a_scan_is_of_the_same_list(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan ends with a release, and the change before it is of another list."""
    monkeypatch.setattr(selection, "_CHUNK", 20)
    monkeypatch.setattr(selection, "_MAX_BLOCKS", 1)
    service.log.datasets.create(dataset("others", "其他收费"), load_catalogue("fees"))
    service.publish(MANY[:BLOCK])
    service.publish([{**row, "standard": "2元"} for row in MANY[:BLOCK]])
    service.publish(MANY[:5], dataset="others", part=None)
    service.publish(MANY[:BLOCK])
    service.index()
    for address in (f"/feeds/{FEES}.atom?change=fee-raised", "/feeds/all.atom?change=fee-raised"):
        ids = [entry.id for parsed in walk(service, address) for entry in parsed.entries]
        assert len(ids) == len(set(ids)) == BLOCK, address


@pytest.mark.both_databases
def test_an_archive_is_the_same_bytes_after_later_publications(service: Service) -> None:
    service.publish(MANY[:250])
    service.publish(MANY[10:250])
    archive = link(service.feed("all.atom"), "prev-archive")
    assert archive is not None
    before = service.client.get(archive).content
    service.publish(MANY[:10])
    assert service.client.get(archive).content == before


@pytest.mark.parametrize("form", ["atom", pytest.param("rss", marks=pytest.mark.slow)])
def test_an_archive_is_marked_as_one_and_links_to_the_current_feed(archived: Service, form: str) -> None:
    newest = archived.client.get(f"/feeds/{FEES}.{form}")
    assert etree.fromstring(newest.content).find(f".//{ARCHIVE}") is None
    archive = link(parse_feed(newest), "prev-archive")
    assert archive is not None
    answer = archived.client.get(archive)
    assert etree.fromstring(answer.content).find(f".//{ARCHIVE}") is not None
    assert link(parse_feed(answer), "current") == f"/feeds/{FEES}.{form}"
    if form == "atom":
        assert parse_feed(answer).feed.id == parse_feed(newest).feed.id
    assert link(parse_feed(answer), "self") == archive


def test_json_feed_links_to_its_archives_by_next_url(archived: Service) -> None:
    ids: set[str] = set()
    address: str | None = f"{BASE}/feeds/{FEES}.json"
    while address:
        answer = archived.client.get(address.removeprefix(BASE)).json()
        ids |= {item["id"] for item in answer["items"]}
        address = answer.get("next_url")
    assert len(ids) == len(MANY) + 3


def test_a_feed_with_all_changes_has_no_archive(service: Service) -> None:
    service.publish(MANY[:5])
    assert link(service.feed(), "prev-archive") is None


@pytest.mark.slow
def test_a_release_of_ten_thousand_changes_is_read_to_its_end(service: Service) -> None:
    many: list[Content] = [
        {"name": f"第{n}项收费", "department": "财政部门", "standard": "1元"} for n in range(10_000)
    ]
    service.publish(many)
    ids = [item["id"] for page in pages_of_items(service, f"/feeds/{FEES}.json") for item in page]
    assert len(set(ids)) == len(many)


def pages_of_items(service: Service, address: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the items of the JSON Feed and of its archives. JSON parses quickly enough for ten thousand."""
    following: str | None = address
    while following:
        answer = service.client.get(following)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page["items"]
        following = page.get("next_url", "").removeprefix(BASE)


@pytest.mark.slow
@pytest.mark.parametrize("address", [f"/feeds/{FEES}.atom", f"/feeds/search.atom?q={quote('收费')}"])
def test_a_reader_that_pages_during_publications_misses_nothing_and_catches_up_later(
    service: Service, address: str
) -> None:
    contents = MANY[:330]
    service.publish(contents)
    service.index()

    def publish_again(number: int) -> None:
        service.publish(
            [{**content, "standard": f"{number}元"} for content in contents[:130]] + contents[130:]
        )
        service.index()

    ids: set[str] = set()
    archives: set[str] = set()

    def catch_up(meanwhile: int | None) -> None:
        """Read back to the first archive that was read before (RFC 5005, section 4)."""
        following: str | None = address
        while following and following not in archives:
            if "archive=" in following:
                archives.add(following)
            parsed = parse_feed(service.client.get(following))
            ids.update(entry.id for entry in parsed.entries)
            following = link(parsed, "prev-archive")
            if meanwhile is not None:
                publish_again(meanwhile)
                meanwhile += 1

    def published() -> set[str]:
        changes = service.log.queries.changes(dataset=FEES, limit=10_000)
        return {f"tag:data.example.gov.cn,2024-01-01:{FEES}/{c.release}/{c.record}/{c.kind}" for c in changes}

    at_first = published()
    catch_up(meanwhile=2)
    assert at_first <= ids < published()
    catch_up(meanwhile=None)
    assert ids == published()
