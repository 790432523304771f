"""WebSub: the hub is notified of every listed feed with new entries, in every format."""

from __future__ import annotations

from urllib.parse import parse_qs, quote

import pytest

from publisher.notify.delivery import RETRIES
from tests.publisher.notify.conftest import Desk
from tests.publisher.views.syndication.conftest import SECOND
from tests.support.servers.loopback import Answer
from tests.support.site import BASE, FEES

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(desk: Desk) -> Desk:
    desk.server.answers["/hub"] = Answer(status=204)
    desk.site.log.subscriptions.set_hub(f"{desk.server.base}/hub")
    return desk


def topics(desk: Desk) -> list[str]:
    forms = [parse_qs(one.body.decode()) for one in desk.server.requests if one.path == "/hub"]
    assert all(form["hub.mode"] == ["publish"] for form in forms)
    return [form["hub.url"][0].removeprefix(BASE) for form in forms]


def test_the_hub_hears_of_each_feed_that_changed_and_of_no_other(hub: Desk) -> None:
    hub.site.publish(SECOND)
    hub.deliver()
    hub_topics = topics(hub)
    assert len(hub_topics) == len(set(hub_topics))
    for form in ("atom", "rss", "json"):
        assert f"/feeds/all.{form}" in hub_topics
        assert f"/feeds/{FEES}.{form}?change=removed" in hub_topics
        assert f"/feeds/search.{form}?body={quote('民政部门')}" in hub_topics
    assert not any("change=withdrawn" in topic for topic in hub_topics)


def test_each_topic_is_the_address_that_the_feed_gives_itself(hub: Desk) -> None:
    hub.site.publish(SECOND)
    hub.deliver()
    for topic in topics(hub):
        text = hub.site.client.get(topic).text
        assert (BASE + topic).replace("&", "&amp;") in text or BASE + topic in text


def test_the_hub_hears_of_the_feeds_whose_older_entries_are_corrected_or_taken_back(hub: Desk) -> None:
    hub.site.publish(SECOND)
    hub.deliver()
    hub.server.requests.clear()
    record = hub.site.record("居民生活污水处理费")
    hub.site.log.releases.withdraw(FEES, [record], reason="误列")
    before = {
        name: hub.site.client.get(f"/feeds/{FEES}.atom?change={name}").text for name in ("added", "removed")
    }
    assert "该条目其后已撤回公布" in before["added"]
    hub.deliver()
    hub_topics = topics(hub)
    assert f"/feeds/{FEES}.atom?change=withdrawn" in hub_topics
    assert f"/feeds/{FEES}.atom?change=added" in hub_topics
    assert f"/feeds/{FEES}.atom?change=removed" not in hub_topics


def test_the_hub_hears_of_an_erasure(hub: Desk) -> None:
    hub.site.publish(SECOND)
    hub.deliver()
    hub.server.requests.clear()
    hub.site.log.releases.erase(records=[(FEES, hub.site.record("遗体整容"))], ground="判决", actor="")
    hub.deliver()
    assert sorted(topics(hub)) == sorted(
        f"/feeds/{name}.{form}" for name in ("all", FEES) for form in ("atom", "rss", "json")
    )


def test_a_hub_that_is_away_is_notified_later_and_never_set_aside(hub: Desk) -> None:
    hub.server.answers["/hub"] = Answer(status=503)
    hub.site.publish(SECOND)
    hub.deliver()
    for pause in (*RETRIES, RETRIES[-1]):
        hub.advance(pause)
        assert hub.deliver() == 1
    hub.server.answers["/hub"] = Answer(status=204)
    hub.server.requests.clear()
    hub.advance(RETRIES[-1])
    hub.deliver()
    assert f"/feeds/{FEES}.atom" in topics(hub)


def test_another_hub_takes_the_place_of_the_first(hub: Desk) -> None:
    hub.server.answers["/second"] = Answer(status=204)
    hub.site.log.subscriptions.set_hub(f"{hub.server.base}/second")
    hub.site.publish(SECOND)
    hub.deliver()
    assert topics(hub) == []
    assert any(one.path == "/second" for one in hub.server.requests)
    hub.site.log.subscriptions.set_hub("")
    assert hub.site.log.subscriptions.all() == ()
