"""Webhooks: recipients, signatures, and retries when a callback does not answer."""

from __future__ import annotations

import base64
import hmac
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from anyio import to_thread
from standardwebhooks import Webhook

from publisher.log.outbox.subscriptions import LEASE
from publisher.notify.delivery import RETRIES, Notifier
from publisher.notify.webhook_sender import DeliveryError
from schemas.definition.catalogue import Content
from search.query.field_filters import FilterFields
from tests.publisher.notify.conftest import Desk, confirming
from tests.publisher.views.syndication.conftest import FIRST, SECOND
from tests.support.servers.loopback import Answer, WebRequest, loopback_server
from tests.support.site import BASE, FEES


def message_contents(desk: Desk, path: str = "/hook") -> list[Any]:
    return [msgspec.json.decode(one.body) for one in desk.messages(path)]


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_publication_comes_as_a_signed_message_with_the_entries_of_the_feed(desk: Desk) -> None:
    subscription = desk.subscribe()
    desk.site.publish(SECOND)
    desk.deliver()
    (message,) = desk.messages()
    body = Webhook(subscription.secret).verify(message.body, dict(message.headers))
    assert body["type"] == "changes.published"
    assert (body["data"]["dataset"], body["data"]["release"]) == (FEES, 2)
    feed = desk.site.client.get(f"/feeds/{FEES}.json").json()
    assert body["data"]["feed"]["items"] == [
        item for item in feed["items"] if item["id"].split(":")[-1].startswith(f"{FEES}/2/")
    ]
    assert body["data"]["feed"]["feed_url"] == f"{BASE}/feeds/all.json"


@pytest.mark.slow
def test_the_signature_is_that_of_standard_webhooks_reckoned_by_hand(desk: Desk) -> None:
    subscription = desk.subscribe()
    desk.site.publish(SECOND)
    desk.deliver()
    (message,) = desk.messages()
    key = base64.b64decode(subscription.secret.removeprefix("whsec_"))
    signed = (
        f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}.".encode() + message.body
    )
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert message.headers["webhook-signature"] == f"v1,{signature}"


def test_what_was_published_before_the_subscription_is_not_sent(desk: Desk) -> None:
    desk.advance(timedelta(days=1))
    desk.subscribe()
    desk.deliver()
    assert desk.messages() == []


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_subscription_is_notified_of_its_own_scope_only(desk: Desk) -> None:
    desk.server.answers |= {"/removed": confirming, "/sewage": confirming, "/none": confirming}
    desk.subscribe("/removed", kinds=["removed"])
    desk.subscribe("/sewage", text="污水处理")
    desk.subscribe("/none", filters={"body": ["无此部门"]})
    desk.site.publish(SECOND)
    desk.deliver()
    titles = {
        path: [item["title"] for one in message_contents(desk, path) for item in one["data"]["feed"]["items"]]
        for path in ("/removed", "/sewage", "/none")
    }
    assert titles["/removed"] == ["示例市财政局 从清单移出收费项目：价格鉴证业务收费"]
    assert len(titles["/sewage"]) == 1
    assert "居民生活污水处理费" in titles["/sewage"][0]
    assert titles["/none"] == []
    assert sorted(one.state for one in desk.log()) == ["done", "done", "nothing"]


@pytest.mark.slow
@pytest.mark.both_databases
def test_an_erasure_is_sent_with_record_and_ground_to_subscribers_of_its_dataset_or_of_it(desk: Desk) -> None:
    paths = ("/sewage", "/others", "/it", "/another")
    desk.server.answers |= dict.fromkeys(paths, confirming)
    desk.site.publish(FIRST[:2])
    desk.deliver()
    record, another = (desk.site.record(str(one["name"])) for one in FIRST[:2])
    desk.subscribe()
    desk.subscribe("/sewage", text="污水处理")
    desk.subscribe("/others", dataset="others")
    desk.subscribe("/it", dataset=FEES, record=record)
    desk.subscribe("/another", dataset=FEES, record=another)
    ground = "（2026）法民初1号"
    release = desk.site.log.releases.erase(records=[(FEES, record)], ground=ground)
    desk.deliver()
    for path in ("/hook", "/sewage", "/it"):
        (message,) = message_contents(desk, path)
        data = message["data"]
        assert (message["type"], data["release"]) == ("changes.published", release.number)
        assert data["feed"]["items"] == []
        (erasure,) = data["erasures"]
        assert (erasure["record"], erasure["ground"]) == (record, ground)
        assert erasure["erased_at"] == release.published_at.isoformat().replace("+00:00", "Z")
        assert [e["record"] for e in data["feed"]["_qingdan"]["erasures"]] == [record]
    assert desk.messages("/others") == desk.messages("/another") == []


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_release_is_delivered_once_however_often_the_worker_runs(desk: Desk) -> None:
    desk.subscribe()
    desk.site.publish(SECOND)
    for _ in range(3):
        desk.deliver()
        desk.advance(timedelta(hours=1))
    assert len(desk.messages()) == 1


@pytest.mark.slow
@pytest.mark.both_databases
def test_what_fails_is_sent_again_under_the_same_id_ever_later(desk: Desk) -> None:
    desk.subscribe()
    desk.server.answers["/hook"] = Answer(b"busy", 503)
    desk.site.publish(SECOND)
    assert desk.deliver() == 1
    assert desk.deliver() == 0
    desk.advance(RETRIES[0])
    assert desk.deliver() == 1
    desk.advance(RETRIES[0])
    assert desk.deliver() == 0
    desk.server.answers["/hook"] = confirming
    desk.advance(RETRIES[1])
    assert desk.deliver() == 1
    assert len({one.headers["webhook-id"] for one in desk.messages()}) == 1
    (delivery,) = desk.log()
    assert (delivery.state, delivery.attempts, delivery.answer) == ("done", 3, 200)


@pytest.mark.both_databases
@pytest.mark.slow
def test_a_worker_killed_after_it_sent_and_before_it_noted_sends_the_same_message_once_more(
    desk: Desk, tmp_path: Path
) -> None:
    desk.subscribe()
    desk.site.publish(SECOND)
    desk.site.index()
    workers: list[subprocess.Popen[bytes]] = []

    def killing(_request: WebRequest, _write: Callable[[bytes], None]) -> Answer:
        workers[0].kill()
        workers[0].wait()
        return Answer()

    desk.server.answers["/hook"] = killing
    command = [
        sys.executable,
        "-m",
        "tests.publisher.notify.job",
        str(tmp_path),
        desk.site.clock.now.isoformat(),
    ]
    workers.append(subprocess.Popen(command, env={**os.environ, **desk.environ}))
    assert workers[0].wait(60) == -signal.SIGKILL
    (delivery,) = desk.log()
    assert delivery.state == "waiting"
    desk.server.answers["/hook"] = confirming
    assert desk.deliver() == 0  # the lease of the killed process has not expired
    desk.advance(LEASE)
    assert desk.deliver() == 1
    first, again = desk.messages()
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.body == again.body
    (delivery,) = desk.log()
    assert (delivery.state, delivery.attempts) == ("done", 2)
    assert desk.deliver() == 0


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_subscriber_that_stays_dead_is_set_aside_and_gets_the_rest_once_it_confirms(desk: Desk) -> None:
    subscription = desk.subscribe()
    desk.server.answers["/hook"] = Answer(status=500)
    desk.site.publish(SECOND)
    desk.deliver()
    for pause in RETRIES:
        desk.advance(pause)
        desk.deliver()
    assert desk.site.log.subscriptions.get(subscription.id).state == "aside"
    desk.site.publish(FIRST)
    assert desk.deliver() == 0
    desk.server.answers["/hook"] = confirming
    desk.server.requests.clear()
    desk.sender.verify_callback(subscription, {})
    desk.site.log.subscriptions.confirm(subscription.id)
    desk.deliver()
    assert [one["data"]["release"] for one in message_contents(desk)] == [2, 3]


@pytest.mark.slow
def test_a_callback_that_refuses_one_message_still_gets_the_others(desk: Desk) -> None:
    subscription = desk.subscribe()

    def refusing(request: WebRequest, write: Callable[[bytes], None]) -> Answer:
        return Answer(status=413) if b'"release":2,' in request.body else confirming(request, write)

    desk.server.answers["/hook"] = refusing
    desk.site.publish(SECOND)
    desk.deliver()
    desk.site.publish(FIRST)
    for pause in (*RETRIES, timedelta()):
        desk.deliver()
        desk.advance(pause)
    assert [(one.number, one.state) for one in desk.log()] == [(3, "done"), (2, "failed")]
    assert desk.site.log.subscriptions.get(subscription.id).state == "active"


@pytest.mark.slow
@pytest.mark.both_databases
def test_who_answers_slowly_holds_up_no_other_not_even_with_the_next_release(desk: Desk) -> None:
    desk.server.answers |= {"/slow": confirming}
    desk.subscribe("/slow")
    desk.subscribe()
    answered, arrived = threading.Event(), threading.Semaphore(0)

    def slow(_request: WebRequest, _write: Callable[[bytes], None]) -> Answer:
        assert answered.wait(60)
        return Answer()

    def quick(_request: WebRequest, _write: Callable[[bytes], None]) -> Answer:
        arrived.release()
        return Answer()

    desk.server.answers |= {"/slow": slow, "/hook": quick}

    async def run_teller() -> None:
        stop = anyio.Event()
        notifier = Notifier(desk.site.log, desk.site.engine, FilterFields, desk.sender)
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: notifier.run(stop=stop, poll=0.01))
            for contents in (SECOND, FIRST):
                await to_thread.run_sync(desk.site.publish, contents)
                await to_thread.run_sync(desk.site.index)
                assert await to_thread.run_sync(lambda: arrived.acquire(timeout=60))
            assert len(desk.messages("/slow")) == 1
            answered.set()
            stop.set()

    anyio.run(run_teller)
    assert [one["data"]["release"] for one in message_contents(desk)] == [2, 3]


@pytest.mark.slow
def test_an_answer_is_not_unpacked(desk: Desk) -> None:
    desk.subscribe()
    desk.server.answers["/hook"] = Answer(b"packed?", headers={"content-encoding": "gzip"})
    desk.site.publish(SECOND)
    desk.deliver()
    assert [one.state for one in desk.log()] == ["done"]
    assert desk.messages()[0].headers["accept-encoding"] == "identity"


@pytest.mark.slow
def test_the_secret_is_in_no_log_and_in_no_value_that_is_printed(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    subscription = desk.subscribe()
    desk.server.answers["/hook"] = Answer(status=410)
    desk.site.publish(SECOND)
    with caplog.at_level(0):
        desk.deliver()
    assert f"subscription {subscription.id} is set aside" in caplog.text
    printed = caplog.text + repr(desk.log()) + repr(desk.site.log.subscriptions.all())
    assert subscription.secret not in printed
    assert subscription.secret.removeprefix("whsec_") not in printed


@pytest.mark.slow
def test_who_says_that_it_is_gone_is_set_aside_at_once(desk: Desk) -> None:
    subscription = desk.subscribe()
    desk.server.answers["/hook"] = Answer(status=410)
    desk.site.publish(SECOND)
    desk.deliver()
    current = desk.site.log.subscriptions.get(subscription.id)
    assert (current.state, current.reason) == ("aside", "HTTP 410")


@pytest.mark.slow
def test_one_dead_subscriber_does_not_keep_the_news_from_another(desk: Desk) -> None:
    desk.server.answers |= {"/dead": confirming}
    desk.subscribe("/dead")
    desk.subscribe()
    desk.server.answers["/dead"] = Answer(status=500)
    desk.site.publish(SECOND)
    desk.deliver()
    assert len(desk.messages()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [
        *map(Answer, (b"{}", b'{"challenge":"guessed"}', b"ok", b'{"challenge":' + b"[" * 4_000)),
        Answer(status=404),
        Answer(status=302),
    ],
)
def test_a_callback_that_does_not_repeat_the_challenge_is_no_subscriber(desk: Desk, answer: Answer) -> None:
    desk.server.answers["/other"] = answer
    with pytest.raises(DeliveryError):
        desk.subscribe("/other")
    (subscription,) = desk.site.log.subscriptions.all()
    assert subscription.state == "pending"
    desk.site.publish(SECOND)
    desk.deliver()
    assert desk.messages("/other") == []


def test_a_callback_on_a_private_address_is_never_called(desk: Desk) -> None:
    guarded = desk.sender.__class__("test", desk.sender.clock, loopback=False, trust=desk.sender.trust)
    subscription = desk.site.log.subscriptions.subscribe(f"{desk.server.base}/hook", "{}")
    before = len(desk.server.requests)
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1"):
        guarded.verify_callback(subscription, {})
    assert len(desk.server.requests) == before


@pytest.mark.slow
def test_a_redirect_is_not_followed(desk: Desk) -> None:
    desk.subscribe()
    with loopback_server() as elsewhere:
        elsewhere.answers["/"] = Answer()
        desk.server.answers["/hook"] = Answer(status=307, headers={"location": f"{elsewhere.base}/"})
        desk.site.publish(SECOND)
        desk.deliver()
        assert elsewhere.requests == []
    (delivery,) = desk.log()
    assert (delivery.state, delivery.answer) == ("waiting", 307)


@pytest.mark.slow
def test_an_improvement_of_the_parser_sends_no_message(desk: Desk) -> None:
    desk.subscribe()
    desk.site.publish(FIRST[1:], source_texts=lambda content: str(content["name"]))
    desk.deliver()
    desk.server.requests.clear()
    read_better = [{**content, "standard": f"{content['standard']}（含税）"} for content in FIRST[1:]]
    desk.site.publish(read_better, source_texts=lambda content: str(content["name"]))
    desk.deliver()
    assert desk.messages() == []
    assert desk.log()[0].state == "nothing"


def test_a_removed_subscription_gets_no_more_messages(desk: Desk) -> None:
    subscription = desk.subscribe()
    desk.site.publish(SECOND)
    desk.site.log.subscriptions.unsubscribe(subscription.id)
    assert desk.deliver() == 0
    assert desk.log() == ()


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_large_release_comes_with_its_newest_entries_and_leads_to_the_rest(desk: Desk) -> None:
    desk.subscribe()
    many: list[Content] = [{"name": f"第{n}项收费", "department": "财政部门"} for n in range(650)]
    release = desk.site.publish([FIRST[0], *many])
    desk.deliver()
    (message,) = message_contents(desk)
    feed = message["data"]["feed"]
    assert 100 <= len(feed["items"]) < 200
    ids = {item["id"] for item in feed["items"]}
    while "next_url" in feed:
        feed = desk.site.client.get(feed["next_url"].removeprefix(BASE)).json()
        ids |= {item["id"] for item in feed["items"]}
    mine = {one for one in ids if one.split(":")[-1].startswith(f"{FEES}/{release.number}/")}
    assert len(mine) == len(many)


def test_the_schedule_of_retries_is_the_one_that_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "feeds.md").read_text(encoding="utf-8")
    hours = [pause.total_seconds() / 3600 for pause in RETRIES[3:]]
    *most, last = (f"{hour:g}" for hour in hours)
    assert [pause.total_seconds() for pause in RETRIES[:3]] == [5, 300, 1800]
    assert f"after 5 s, 5 min, 30 min, {', '.join(most)} and {last} h" in page
