"""Archives (RFC 5005): whoever was away for a year walks back and misses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from lxml import etree

from publisher.log.queries.feed_changes import BLOCK
from publisher.views.syndication.selection import ENTRIES
from schemas.definition.catalogue import Content
from tests.publisher.views.syndication.conftest import Service, made, read
from tests.support.site import BASE, FEES

MANY: list[Content] = [
    {"name": f"第{n}项收费", "department": "财政部门" if n % 7 else "民政部门", "standard": "1元"}
    for n in range(2 * BLOCK + 40)
]
ARCHIVE = "{http://purl.org/syndication/history/1.0}archive"


def link(parsed: Any, rel: str) -> str | None:
    found = [link.href for link in parsed.feed.links if link.rel == rel]
    assert len(found) <= 1
    return found[0].removeprefix(BASE) if found else None


def walk(service: Service, address: str) -> Iterator[Any]:
    """The feed, then its archives from the newest to the oldest."""
    following: str | None = address
    seen = set()
    while following:
        assert following not in seen
        seen.add(following)
        parsed = read(service.client.get(following))
        yield parsed
        following = link(parsed, "prev-archive")


def grow(service: Service) -> None:
    service.publish(MANY)
    service.publish([{**MANY[0], "standard": "2元"}, *MANY[1:]])
    service.publish([{**MANY[0], "standard": "3元"}, *MANY[1:-1]])
    service.index()


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Read-only: the tests share it."""
    with made(tmp_path_factory.mktemp("site")) as service:
        grow(service)
        yield service


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/feeds/all.atom", len(MANY) + 3),
        (f"/feeds/{FEES}.rss", len(MANY) + 3),
        (f"/feeds/{FEES}.atom?change=added", len(MANY)),
        (f"/feeds/{FEES}.atom?change=fee-raised", 2),
        (f"/feeds/search.atom?q={quote('收费')}", len(MANY) + 3),
        (f"/feeds/search.atom?body={quote('民政部门')}&change=added", (len(MANY) + 6) // 7),
    ],
)
def test_the_feed_and_its_archives_hold_every_change_and_no_other(
    grown: Service, address: str, expected: int
) -> None:
    walked = list(walk(grown, address))
    ids = [entry.id for parsed in walked for entry in parsed.entries]
    assert len(set(ids)) == expected
    assert len(walked[0].entries) == min(ENTRIES, expected)
    assert len(walked) <= 6


@pytest.mark.both_databases
def test_an_archive_is_the_same_bytes_after_later_publications(service: Service) -> None:
    service.publish(MANY[:150])
    service.publish(MANY[10:150])
    archive = link(service.feed("all.atom"), "prev-archive")
    assert archive is not None
    before = service.client.get(archive).content
    service.publish(MANY[:10])
    assert service.client.get(archive).content == before


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_an_archive_is_marked_as_one_and_leads_to_the_feed_in_force(grown: Service, form: str) -> None:
    newest = grown.client.get(f"/feeds/{FEES}.{form}")
    assert etree.fromstring(newest.content).find(f".//{ARCHIVE}") is None
    archive = link(read(newest), "prev-archive")
    assert archive is not None
    answer = grown.client.get(archive)
    assert etree.fromstring(answer.content).find(f".//{ARCHIVE}") is not None
    assert link(read(answer), "current") == f"/feeds/{FEES}.{form}"
    if form == "atom":
        assert read(answer).feed.id == read(newest).feed.id
    assert link(read(answer), "self") == archive


def test_json_feed_leads_to_its_archives_by_next_url(grown: Service) -> None:
    ids: set[str] = set()
    address: str | None = f"{BASE}/feeds/{FEES}.json"
    while address:
        answer = grown.client.get(address.removeprefix(BASE)).json()
        ids |= {item["id"] for item in answer["items"]}
        address = answer.get("next_url")
    assert len(ids) == len(MANY) + 3


def test_a_feed_that_holds_all_there_is_has_no_archive(service: Service) -> None:
    service.publish(MANY[:5])
    assert link(service.feed(), "prev-archive") is None


def test_a_release_of_ten_thousand_changes_is_walked_to_its_end(service: Service) -> None:
    many: list[Content] = [
        {"name": f"第{n}项收费", "department": "财政部门", "standard": "1元"} for n in range(10_000)
    ]
    service.publish(many)
    ids = [item["id"] for page in _items(service, f"/feeds/{FEES}.json") for item in page]
    assert len(set(ids)) == len(many)


def _items(service: Service, address: str) -> Iterator[list[dict[str, Any]]]:
    """Of the JSON Feed and of its archives: quick to read, so that ten thousand are."""
    following: str | None = address
    while following:
        answer = service.client.get(following)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page["items"]
        following = page.get("next_url", "").removeprefix(BASE)


@pytest.mark.parametrize("address", [f"/feeds/{FEES}.atom", f"/feeds/search.atom?q={quote('收费')}"])
def test_who_walks_while_releases_come_misses_nothing_and_catches_up_from_what_is_known(
    service: Service, address: str
) -> None:
    contents = MANY[:700]
    service.publish(contents)
    service.index()

    def more(number: int) -> None:
        service.publish(
            [{**content, "standard": f"{number}元"} for content in contents[:130]] + contents[130:]
        )
        service.index()

    known: set[str] = set()
    read_archives: set[str] = set()

    def catch_up(meanwhile: int | None) -> None:
        """As RFC 5005 (section 4) tells a reader to: back until an archive that was read before."""
        following: str | None = address
        while following and following not in read_archives:
            if "archive=" in following:
                read_archives.add(following)
            parsed = read(service.client.get(following))
            known.update(entry.id for entry in parsed.entries)
            following = link(parsed, "prev-archive")
            if meanwhile is not None:
                more(meanwhile)
                meanwhile += 1

    def published() -> set[str]:
        changes = service.log.queries.changes(dataset=FEES, limit=10_000)
        return {f"tag:data.example.gov.cn,2024-01-01:{FEES}/{c.release}/{c.record}/{c.kind}" for c in changes}

    at_first = published()
    catch_up(meanwhile=2)
    assert at_first <= known < published()
    catch_up(meanwhile=None)
    assert known == published()
