"""Feed of changes at a source, in three formats, stable until the next change."""

from __future__ import annotations

import json
from contextlib import closing

import feedparser
import pytest
from sqlalchemy import insert, select

from publisher.log.database import page_tables as pt
from tests.publisher.harvest.conftest import DATASET, Collector, make_due
from tests.support.government import TEXT, html, letter, page, publish
from tests.support.servers.loopback import Answer

pytestmark = pytest.mark.slow


@pytest.fixture
def noticed(collector: Collector) -> Collector:
    """Collect one page that changed and one that disappeared."""
    publish(collector.web, 1, 2)
    collector.collect()
    collector.publish()
    collector.web.answers["/d/1.html"] = html(page(1, text=TEXT.replace("抓紧制定", "尽快制定")))
    collector.web.answers["/d/2.html"] = Answer(status=410)
    make_due(collector)
    collector.collect()
    return collector


def test_a_change_and_a_disappearance_are_entries_that_say_by_what_they_were_noticed(
    noticed: Collector,
) -> None:
    with noticed.served() as client:
        answers = {form: client.get(f"/feeds/sources.{form}") for form in ("atom", "rss", "json")}
    for form in ("atom", "rss"):
        feed = feedparser.parse(answers[form].content)
        assert not feed.bozo
        titles = {entry.title for entry in feed.entries}
        assert titles == {f"来源网站上“{letter(1)[0]}”有变化", f"来源网站上“{letter(2)[0]}”已不可访问"}
        assert {entry.link for entry in feed.entries} == {f"{noticed.web.base}/d/{n}.html" for n in (1, 2)}
    tags = {one["title"]: one["tags"] for one in json.loads(answers["json"].content)["items"]}
    assert "内容哈希值" in str(tags[f"来源网站上“{letter(1)[0]}”有变化"])
    assert "状态码" in str(tags[f"来源网站上“{letter(2)[0]}”已不可访问"])


def test_the_feed_answers_304_until_something_is_noticed_and_forgets_what_is_erased(
    noticed: Collector,
) -> None:
    with noticed.served() as client:
        first = client.get("/feeds/sources.atom")
        again = client.get("/feeds/sources.atom", headers={"If-None-Match": first.headers["etag"]})
        assert (first.status_code, again.status_code) == (200, 304)
        record = noticed.site.ok("show", DATASET, letter(1)[0], "--json").json[0]["id"]
        noticed.site.ok("erase", DATASET, record, "--ground", "法院裁定", "--yes")
        after = client.get("/feeds/sources.atom", headers={"If-None-Match": first.headers["etag"]})
    assert after.status_code == 200
    assert letter(1)[0] not in after.text
    assert letter(2)[0] in after.text


def test_where_nothing_was_noticed_the_feed_is_valid_and_empty(collector: Collector) -> None:
    with collector.served() as client:
        feed = feedparser.parse(client.get("/feeds/sources.rss").content)
    assert (feed.bozo, feed.entries) == (False, [])


@pytest.mark.parametrize("form", ["atom", "json"])
def test_all_that_was_ever_noticed_is_found_by_walking_back(noticed: Collector, form: str) -> None:
    with closing(noticed.log()) as log, log._session.write() as conn:
        row = dict(conn.execute(select(pt.notice)).mappings().first() or {})
        del row["key"]
        conn.execute(insert(pt.notice), [row] * 348)
    following: str | None = f"/feeds/sources.{form}"
    walked: list[list[str]] = []
    with noticed.served() as client:
        while following:
            answer = client.get(following)
            assert answer.status_code == 200
            if form == "json":
                feed = answer.json()
                walked.append([item["id"] for item in feed["items"]])
                following = feed.get("next_url")
            else:
                parsed = feedparser.parse(answer.content)
                assert parsed.bozo is False
                walked.append([entry.id for entry in parsed.entries])
                following = next((at.href for at in parsed.feed.links if at.rel == "prev-archive"), None)
            following = following and "/" + following.split("/", 3)[3]
        beyond = client.get(f"/feeds/sources.{form}?archive=201")
        assert (beyond.status_code, beyond.json()["errors"][0]["parameter"]) == (422, "archive")
    assert [len(ids) for ids in walked] == [150, 100, 100]
    assert len({one for ids in walked for one in ids}) == 350
