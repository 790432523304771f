"""Feeds of some kinds of change, and feeds of a search."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.publisher.views.syndication.conftest import FIRST, SECOND, Service, dataset, open_service, titles
from tests.support.site import BASE, FEES


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Site with two releases, for tests that only read."""
    with open_service(tmp_path_factory.mktemp("site")) as service:
        service.publish(FIRST)
        service.publish(SECOND)
        service.index()
        yield service


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("change=removed", ["从清单移出收费项目：价格鉴证业务收费"]),
        (
            "change=fee-raised",
            ["上调收费标准：居民生活污水处理费（0.85元/立方米 → 0.95元/立方米）"],
        ),
        ("change=fee-lowered", []),
        ("change=fee-raised&change=removed", ["上调", "从清单移出"]),
        ("change=corrected", []),
    ],
)
@pytest.mark.parametrize("name", [FEES, "all"])
def test_a_feed_of_some_kinds_of_change_has_no_others(
    changed: Service, name: str, kinds: str, expected: list[str]
) -> None:
    headlines = titles(changed.feed(f"{name}.atom?{kinds}"))
    assert len(headlines) == len(expected)
    assert all(words in title for words, title in zip(expected, headlines, strict=True))


def test_a_raised_fee_is_a_category_of_its_own(changed: Service) -> None:
    (entry,) = changed.feed(f"{FEES}.atom?change=fee-raised").entries
    filed = {(tag.scheme, tag.term, tag.label) for tag in entry.tags}
    assert (f"{BASE}/kinds", "changed", "调整") in filed
    assert (f"{BASE}/kinds", "fee-raised", "收费上调") in filed
    assert (f"{BASE}/facets/body", "住房城乡建设部门", "住房城乡建设部门") in filed


def test_a_search_is_followed_from_its_first_record_to_its_cancellation(changed: Service) -> None:
    feed = changed.feed(f"search.atom?q={quote('价格鉴证')}")
    assert titles(feed) == [
        "示例市财政局 从清单移出收费项目：价格鉴证业务收费",
        "示例市财政局 首次公布收费项目：价格鉴证业务收费",
    ]
    assert feed.feed.title == "搜索“价格鉴证”：变化"


@pytest.mark.slow
def test_an_entry_of_a_search_contains_all_its_words_before_or_after_the_change(service: Service) -> None:
    payers = ("城镇居民", "排水单位", "排水单位和个人")
    for payer in payers:
        service.publish([{**FIRST[1], "payer": payer}])
    service.index()
    assert len(service.feed(f"search.atom?q={quote('污水 城镇居民')}").entries) == 2
    assert len(service.feed(f"search.atom?q={quote('污水 排水单位')}").entries) == 2
    assert len(service.feed(f"search.atom?q={quote('污水')}").entries) == 3
    assert service.feed(f"search.atom?q={quote('污水 鉴证')}").entries == []


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ('"污水处理"', 2),
        ("处理污水", 2),
        ('"处理污水"', 0),
        ("鉴证 或 污水", 4),
        ("费 -鉴证", 3),
        ("部门:民政部门", 1),
        ("部门:发展改革", 2),
        ("价格鑑證業務收費", 2),
    ],
)
def test_a_search_feed_understands_what_search_understands(changed: Service, text: str, entries: int) -> None:
    assert len(changed.feed(f"search.atom?q={quote(text)}").entries) == entries


def test_a_body_and_a_kind_of_change_narrow_a_feed(changed: Service) -> None:
    body = f"body={quote('住房城乡建设部门')}"
    assert len(changed.feed(f"search.atom?{body}").entries) == 3
    (only,) = changed.feed(f"search.rss?{body}&change=fee-raised").entries
    assert "居民生活污水处理费" in only.title
    assert changed.feed(f"search.atom?{body}&dataset={FEES}").feed.title.startswith("关注（部门：")


def test_filters_of_the_catalogue_narrow_a_feed_by_their_own_types(service: Service) -> None:
    service.publish(
        [
            {**FIRST[0], "management": "缴入地方国库", "enterprise_related": True},
            {**FIRST[1], "management": "缴入地方国库", "enterprise_related": False},
            {**FIRST[2], "management": "缴入中央国库", "enterprise_related": True},
        ]
    )
    service.index()
    local = f"management={quote('缴入地方国库')}"
    assert len(service.feed(f"search.atom?{local}").entries) == 2
    (only,) = service.feed(f"search.atom?{local}&enterprise_related=true").entries
    assert FIRST[0]["name"] in only.title
    assert len(service.feed("search.atom?enterprise_related=true&enterprise_related=false").entries) == 3


@pytest.mark.slow
def test_a_division_includes_the_divisions_below_it(service: Service) -> None:
    service.log.datasets.create(
        dataset("anshan-fees", "鞍山（演示数据）", division="210300"), load_catalogue("fees")
    )
    service.publish(FIRST[:1], dataset="anshan-fees", part=None)
    service.publish(FIRST)
    service.index()
    entries_of_codes = [
        service.feed(f"search.atom?division={code}").entries for code in ("21", "2103", "210300", "37")
    ]
    assert [len(entries) for entries in entries_of_codes] == [1, 1, 1, 0]


@pytest.mark.slow
def test_a_better_reading_of_the_same_text_is_in_no_search_feed(service: Service) -> None:
    service.publish(FIRST, source_texts=lambda content: str(content["name"]))
    reparsed: list[Content] = [{**content, "standard": f"{content['standard']}（含税）"} for content in FIRST]
    service.publish(reparsed, source_texts=lambda content: str(content["name"]))
    service.index()
    assert len(service.feed(f"search.atom?q={quote('遗体整容')}").entries) == 1


def test_one_search_has_one_address_however_it_is_written(changed: Service) -> None:
    bodies = [quote(body) for body in ("民政部门", "住房城乡建设部门")]
    addresses = [
        f"search.atom?body={bodies[0]}&body={bodies[1]}",
        f"search.atom?body={bodies[1]}&body={bodies[0]}",
    ]
    texts = [changed.client.get(f"/feeds/{address}").text for address in addresses]
    own = [f'href="{BASE}/feeds/{address.replace("&", "&amp;")}" rel="self"' for address in addresses]
    assert all(link in text for link, text in zip(own, texts, strict=True))
    assert texts[0].replace(own[0], "") == texts[1].replace(own[1], "")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("search.atom", "q"),
        ("search.atom?q=%E8%AE%B8&chnge=removed", "chnge"),
        (f"{FEES}.atom?change=cancelled", "change"),
        (f"{FEES}.atom?archive=999", "archive"),
        ("search.json?q=%E8%AE%B8&archive=0", "archive"),
        ("all.atom?release=1", "release"),
    ],
)
def test_an_invalid_parameter_of_a_feed_is_refused_by_name(
    changed: Service, query: str, parameter: str
) -> None:
    response = changed.client.get(f"/feeds/{query}")
    assert response.status_code == 422
    assert [fault["parameter"] for fault in response.json()["errors"]] == [parameter]


@pytest.mark.slow
def test_a_search_feed_is_304_until_the_index_has_new_changes(service: Service) -> None:
    service.publish(FIRST)
    service.index()
    address = f"/feeds/search.json?q={quote('收费')}"
    first = service.client.get(address)
    tag = {"if-none-match": first.headers["etag"]}
    assert service.client.get(address, headers=tag).status_code == 304
    service.publish(SECOND)
    service.index()
    assert service.client.get(address, headers=tag).status_code == 200


@pytest.mark.slow
def test_the_feed_of_a_past_instant_has_what_was_published_by_then(service: Service) -> None:
    service.publish(FIRST)
    service.index()
    until = service.clock.now.isoformat().replace("+00:00", "Z")
    service.publish(SECOND)
    service.index()
    headlines = titles(service.feed(f"search.atom?q={quote('价格鉴证')}&known_at={until}"))
    assert headlines == ["示例市财政局 首次公布收费项目：价格鉴证业务收费"]
