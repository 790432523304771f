"""Feeds of a running service over a real log."""

from __future__ import annotations

from datetime import date, timedelta

import feedparser
import pytest

from publisher.log.model import DraftEntry, LogError, Part
from publisher.views.syndication.selection import ENTRIES
from schemas.definition.catalogue import Content
from schemas.definition.file_loader import load_catalogue
from tests.publisher.views.syndication.conftest import FIRST, SECOND, Service, dataset, titles
from tests.support.site import BASE, FEES


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.parametrize("suffix", ["atom", "rss"])
def test_each_change_is_one_entry_with_a_sentence_and_the_newest_release_comes_first(
    service: Service, suffix: str
) -> None:
    service.publish(FIRST, date(2024, 1, 1))
    service.publish(SECOND, date(2024, 7, 1))
    headlines = titles(service.feed(f"{FEES}.{suffix}"))
    later = "（自2024年7月1日起）"
    assert set(headlines[:3]) == {
        f"示例市财政局 新增收费项目：城市道路占用挖掘修复费{later}",
        f"示例市财政局 上调收费标准：居民生活污水处理费（0.85元/立方米 → 0.95元/立方米）{later}",
        f"示例市财政局 从清单移出收费项目：价格鉴证业务收费{later}",
    }
    assert sorted(headlines[3:]) == sorted(
        f"示例市财政局 首次公布收费项目：{content['name']}" for content in FIRST
    )


@pytest.mark.both_databases
def test_an_entry_lists_the_changes_field_by_field(service: Service) -> None:
    service.publish(FIRST)
    service.publish(SECOND)
    (changed,) = (e for e in service.feed().entries if e.tags[0].term == "changed")
    html = changed.content[0].value
    assert "<del>0.85元/立方米</del>" in html
    assert "<ins>0.95元/立方米</ins>" in html
    assert "示财综〔2024〕5号" in html
    assert changed.link == f"{BASE}/datasets/{FEES}/records/{service.record('居民生活污水处理费')}"


@pytest.mark.slow
def test_every_link_of_a_feed_and_of_its_entries_answers(service: Service) -> None:
    service.publish(FIRST)
    service.publish(SECOND)
    service.index()
    feed = service.feed()
    links = [link for entry in feed.entries for link in entry.links] + feed.feed.links
    assert {link.rel for link in links} == {"alternate", "related", "self"}
    for link in links:
        answer = service.client.get(link.href.removeprefix(BASE), headers={"accept": link.type})
        assert answer.status_code == 200, link.href
        assert answer.headers["content-type"].startswith(link.type)


@pytest.mark.slow
def test_ids_are_tag_uris_that_later_releases_do_not_change(service: Service) -> None:
    service.publish(FIRST)
    before = [entry.id for entry in service.feed().entries]
    service.publish(SECOND)
    after = [entry.id for entry in service.feed().entries]
    assert after[-len(before) :] == before
    assert len(set(after)) == len(after)
    assert all(i.startswith(f"tag:data.example.gov.cn,2024-01-01:{FEES}/") for i in after)


def test_atom_and_rss_have_the_same_entries(service: Service) -> None:
    service.publish(FIRST)
    service.publish(SECOND)
    atom, rss = service.feed(f"{FEES}.atom"), service.feed(f"{FEES}.rss")
    assert [(e.id, e.title) for e in atom.entries] == [(e.id, e.title) for e in rss.entries]


@pytest.mark.both_databases
def test_a_better_reading_of_the_same_text_is_in_no_feed(service: Service) -> None:
    service.publish(FIRST, source_texts=lambda content: str(content["name"]))
    reparsed = [{**content, "standard": f"{content['standard']}（含税）"} for content in FIRST]
    service.publish(reparsed, source_texts=lambda content: str(content["name"]))
    assert len(service.log.queries.changes(dataset=FEES)) == 6
    assert len(service.feed().entries) == 3


@pytest.mark.slow
def test_a_correction_gives_its_reason(service: Service) -> None:
    service.publish(FIRST)
    record = service.record("遗体整容")
    service.log.releases.correct(FEES, {record: {**FIRST[2], "standard": "20元/具"}}, reason="更正：误录")
    newest = service.feed().entries[0]
    assert newest.title == "示例市财政局 更正收费项目：遗体整容（收费标准：200元/具 → 20元/具）"
    assert "说明：更正：误录。" in newest.summary


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.parametrize("suffix", ["atom", "rss"])
def test_withdrawn_content_is_in_no_entry_and_the_reason_is_stated(service: Service, suffix: str) -> None:
    service.publish(FIRST)
    service.log.releases.withdraw(FEES, [service.record("遗体整容")], reason="误列")
    text = service.client.get(f"/feeds/{FEES}.{suffix}").text
    assert "200元/具" not in text
    assert "误列" in text
    parsed = service.feed(f"{FEES}.{suffix}")
    assert parsed.entries[0].title == "示例市财政局 撤回误列的收费项目：遗体整容"
    older = [e for e in parsed.entries[1:] if "遗体整容" in e.title]
    assert ["已撤回公布" in e.summary for e in older] == [True]


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.parametrize("suffix", ["atom", "rss"])
def test_erased_names_and_contents_are_in_no_feed(service: Service, suffix: str) -> None:
    service.publish(FIRST)
    unchanged = service.client.get(f"/feeds/{FEES}.{suffix}").headers["etag"]
    service.log.releases.erase(
        records=[(FEES, service.record("遗体整容"))], ground="法院决定", actor="经办人"
    )
    response = service.client.get(f"/feeds/{FEES}.{suffix}", headers={"if-none-match": unchanged})
    assert response.status_code == 200
    assert "遗体整容" not in response.text
    assert "200元/具" not in response.text
    assert "已依法删除" in response.text
    assert feedparser.parse(response.content).bozo is False


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_feed_has_a_hundred_changes_and_ends_where_an_archive_begins(service: Service) -> None:
    many: list[Content] = [
        {"name": f"收费项目{n}", "department": "财政部门"} for n in range(2 * ENTRIES + 30)
    ]
    service.publish(many)
    service.publish([{**content, "standard": "1元"} for content in many[:5]] + many[5:])
    entries = service.feed().entries
    assert len(entries) == 5 + 30 + ENTRIES
    assert [e.tags[0].term for e in entries[:6]] == ["changed"] * 5 + ["added"]


def test_a_dataset_that_has_published_nothing_has_a_feed_of_the_day_it_was_made(service: Service) -> None:
    first = service.client.get(f"/feeds/{FEES}.atom")
    service.clock.now += timedelta(days=3)
    again = service.client.get(f"/feeds/{FEES}.atom")
    assert first.content == again.content
    parsed = feedparser.parse(first.content)
    assert parsed.entries == []
    assert parsed.feed.updated.startswith("2024-01-01")


@pytest.mark.both_databases
def test_the_feed_of_all_datasets_contains_the_changes_of_each(service: Service) -> None:
    service.log.datasets.create(dataset("other-fees", "另一目录（演示数据）"), load_catalogue("fees"))
    service.publish(FIRST)
    service.publish(FIRST[:1], dataset="other-fees", part=None)
    headlines = titles(service.feed("all.rss"))
    assert headlines[0].startswith("示例市人民政府 首次公布收费项目：价格鉴证业务收费")
    assert len(headlines) == 4


@pytest.mark.parametrize("name", ["all", "search"])
def test_no_dataset_can_take_a_name_that_means_more_than_one_in_a_feed(service: Service, name: str) -> None:
    with pytest.raises(LogError, match=name):
        service.log.datasets.create(dataset(name, "全部（演示数据）"), load_catalogue("fees"))


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.parametrize("suffix", ["atom", "rss"])
def test_an_unchanged_feed_is_answered_with_304_until_something_is_published(
    service: Service, suffix: str
) -> None:
    service.publish(FIRST)
    address = f"/feeds/{FEES}.{suffix}"
    first = service.client.get(address)
    assert first.headers["content-type"] == f"application/{suffix}+xml; charset=utf-8"
    assert "last-modified" in first.headers
    tag = {"if-none-match": first.headers["etag"]}
    again = service.client.get(address, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    since = {"if-modified-since": first.headers["last-modified"]}
    assert service.client.get(address, headers=since).status_code == 304
    service.publish(SECOND)
    assert service.client.get(address, headers=tag).status_code == 200
    assert service.client.get(address, headers=since).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("name", ["no-such.atom", "no-such.rss", f"{FEES}.xml", FEES, "no-such.json"])
def test_a_feed_that_is_not_there_is_a_problem_404(service: Service, name: str) -> None:
    response = service.client.get(f"/feeds/{name}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.both_databases
def test_control_characters_in_a_published_value_do_not_break_the_feed(service: Service) -> None:
    service.publish([{"name": "甲\ufffe乙]]>𠮷", "department": "财政部门", "standard": "<b>1</b>\x0b"}])
    (entry,) = service.feed().entries
    assert entry.title.startswith("示例市财政局 首次公布收费项目：甲乙]]>𠮷")
    assert "<b>" not in entry.content[0].value


def stage_page(service: Service, address: str | None, *contents: Content, part: str | None = None) -> None:
    """Stage contents in the draft as one page that was read from an address."""
    source = service.log.evidence.put_source(
        repr(contents).encode(), name=address or "a.csv", media_type="text/html", url=address
    )
    entries = [DraftEntry(content=content, source_text=repr(content)) for content in contents]
    service.log.drafts.stage(FEES, entries, part=part, source=source, parser_version="1")


def sources(service: Service) -> dict[str, list[str]]:
    """Map the last part of the title of each entry to the addresses of its sources."""
    return {
        entry.title.rpartition("：")[2]: [link.href for link in entry.links if link.rel == "via"]
        for entry in service.feed().entries
    }


@pytest.mark.slow
def test_an_entry_names_only_the_page_that_it_was_read_from(
    service: Service,
) -> None:
    service.log.datasets.add_part(FEES, Part("民政局"))
    stage_page(service, "https://fin.example.gov.cn/1.html", FIRST[0], FIRST[1], part="财政局")
    stage_page(service, "https://mz.example.gov.cn/2.html", FIRST[2], part="民政局")
    assert service.log.releases.publish(FEES, effective_on=date(2024, 1, 1), basis="") is not None
    assert sources(service) == {
        "价格鉴证业务收费": ["https://fin.example.gov.cn/1.html"],
        "居民生活污水处理费": ["https://fin.example.gov.cn/1.html"],
        "遗体整容": ["https://mz.example.gov.cn/2.html"],
    }
    stage_page(service, "https://fin.example.gov.cn/3.html", FIRST[1], part="财政局")
    stage_page(service, None, {**FIRST[2], "standard": "100元/具"}, part="民政局")
    assert service.log.releases.publish(FEES, effective_on=date(2024, 1, 1), basis="") is not None
    newest = {entry.tags[0].term: entry for entry in service.feed().entries[:2]}
    assert newest["removed"].title.endswith("从清单移出收费项目：价格鉴证业务收费")
    via = {kind: [at.href for at in entry.links if at.rel == "via"] for kind, entry in newest.items()}
    assert via == {"removed": ["https://fin.example.gov.cn/3.html"], "changed": []}


def test_a_withdrawn_or_erased_entry_does_not_link_to_its_source(
    service: Service,
) -> None:
    stage_page(service, "https://fin.example.gov.cn/1.html", *FIRST, part="财政局")
    assert service.log.releases.publish(FEES, effective_on=date(2024, 1, 1), basis="") is not None
    service.log.releases.withdraw(FEES, [service.record("遗体整容")], reason="误列")
    service.log.releases.erase(records=[(FEES, service.record("价格鉴证业务收费"))], ground="判决", actor="")
    text = service.client.get(f"/feeds/{FEES}.atom").text
    assert text.count('rel="via"') == 1


def test_the_first_report_of_a_department_is_not_called_new(service: Service) -> None:
    service.publish(FIRST[:2])
    service.log.datasets.add_part(FEES, Part("民政局"))
    service.publish(FIRST[2:], part="民政局")
    service.publish([*FIRST[2:], {"name": "遗体接运", "department": "民政部门"}], part="民政局")
    assert titles(service.feed())[:2] == [
        "示例市民政局 新增收费项目：遗体接运",
        "示例市民政局 首次公布收费项目：遗体整容",
    ]
    before = titles(service.feed())[1:]
    service.log.datasets.merge_parts(FEES, "民政局", "财政局")
    after = titles(service.feed())[1:]
    assert after == [title.replace("民政局", "财政局") for title in before]
