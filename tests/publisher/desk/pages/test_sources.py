"""Sources at the desk: their runs and failures, a dry run that writes nothing, and one that is added."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.desk import sources
from publisher.harvest.source_config import read_sources
from tests.publisher.desk.pages.collected_site import DOCUMENTS, SOURCE, CollectedDesk, collected_desk
from tests.support.clock import Clock
from tests.support.desk import Browser, forms
from tests.support.government import letter
from tests.support.servers.loopback import Answer, WebRequest

pytestmark = pytest.mark.slow
FORM, TRY, ADD = "/sources", "/sources/dry-run", "/sources"


@pytest.fixture
def city(tmp_path: Path, clock: Clock) -> Iterator[CollectedDesk]:
    with collected_desk(tmp_path, clock) as city:
        city.desk.add("xi", "系统管理")
        yield city


@pytest.fixture
def system(city: CollectedDesk) -> Iterator[Browser]:
    with city.desk.signed_in("xi") as browser:
        yield browser


def typed(city: CollectedDesk, **keys: str) -> dict[str, str]:
    own = {"name": "xian", "title": "示例县", "dataset": DOCUMENTS, "pace": "0"}
    return {**own, "hosts": city.web.host, "lists": f"{city.web.base}/list.html", **keys}


def file(city: CollectedDesk) -> str:
    return (city.desk.settings.home / "sources.toml").read_text(encoding="utf-8")


def test_runs_are_listed_with_what_failed_and_what_they_left(city: CollectedDesk, system: Browser) -> None:
    assert "尚未采集" in system.see("/documents")
    city.web.answers["/d/2.html"] = Answer(status=503)
    assert city.collect().read == 2
    home = system.see("/documents")
    assert f'href="/sources/{SOURCE}"' in home
    assert "读入2" in home
    assert "警告 1" in home
    page = system.see(f"/sources/{SOURCE}")
    assert f"{city.web.base}/d/2.html" in page
    assert "网站返回 503" in page
    assert f'<a href="/documents/{DOCUMENTS}">2</a>' in page
    city.desk.log.evidence.begin_run(SOURCE)
    assert "没有结束：正在采集，或曾中断" in system.see(f"/sources/{SOURCE}")
    assert system.client.get("/sources/none").status_code == 404
    assert "The site returned 503" in system.see(f"/sources/{SOURCE}?lang=en")
    assert "Documents and sources" in system.see("/documents?lang=en")


def test_a_dry_run_shows_what_would_come_and_writes_nothing_and_then_it_is_added(
    city: CollectedDesk, system: Browser
) -> None:
    before, log = file(city), city.desk.log
    tried = system.send(FORM, TRY, **typed(city, documents=r"/d/\d\.html$", publish="true"))
    assert tried.status_code == 200
    assert f"{city.web.base}/d/1.html" in tried.text
    assert letter(1)[0] in tried.text
    assert "鞍政发〔2015〕1号" in tried.text
    assert "试运行没有写入任何内容" in tried.text
    assert (file(city), log.drafts.get(DOCUMENTS), log.evidence.pages("xian", role="list")) == (
        before,
        None,
        (),
    )
    assert log.evidence.runs("xian") == ()
    form = forms(tried.text)[ADD]
    answer = system.client.post(ADD, data=form.fields, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sources/xian")
    assert file(city).startswith(before)
    site = read_sources(city.desk.settings.home)["xian"]
    assert (site.documents, site.pace, site.publish, site.every) == (r"/d/\d\.html$", 0.0, True, "1h")
    assert "示例县" in system.see("/sources/xian")
    kinds = [(one.kind, one.actor, one.subject) for one in city.desk.staff.audit.events()]
    assert kinds[:2] == [("source-added", "xi", "xian"), ("source-tried", "xi", "xian")]
    assert system.send(FORM, TRY, **typed(city)).status_code == 200, "a dry run of one that exists"
    again = system.client.post(ADD, data=form.fields)
    assert "已有来源“xian”" in again.text
    assert city.collect().source == SOURCE
    assert log.evidence.runs("xian")[0].ended_at is not None


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"name": "../etc"}, "名称只能用小写字母"),
        ({"name": "a]\n[b"}, "名称只能用小写字母"),
        ({"title": ""}, "缺少“title”"),
        ({"title": "\x7f"}, ""),
        ({"hosts": ""}, "缺少“hosts”"),
        ({"hosts": "http://a.example/"}, "不是主机名"),
        ({"lists": "file:///etc/passwd"}, "应为网址"),
        ({"lists": "http://127.0.0.2/"}, "的主机不在 hosts 中"),
        ({"lists": ""}, "请写明 lists"),
        ({"documents": "("}, "正则表达式有误"),
        ({"every": "soon"}, "应为时长"),
        ({"pace": "-1"}, "应为 &gt;= 0.0"),
        ({"pace": "nan"}, "pace"),
        ({"documents": "a{99999999999999999999}"}, "正则表达式有误"),
        ({"pace": "quick"}, "应为 float"),
        ({"largest": "65"}, "应为 &lt;= 64"),
        ({"dataset": "none"}, "没有数据集“none”"),
        ({"tables": "none"}, "没有数据集“none”"),
        ({"dataset": "fees"}, "“fees”由各部门分别报送"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    city: CollectedDesk, system: Browser, keys: dict[str, str], message: str
) -> None:
    before = file(city)
    form = forms(system.see(FORM))[TRY].fields
    for address in (TRY, ADD) if message else (ADD,):
        refused = system.client.post(address, data={**form, **typed(city, **keys)})
        assert refused.status_code == 409
        assert message in refused.text
        assert city.web.host in refused.text or "hosts" in keys
    assert (file(city), city.web.requests) == (before, [])


def test_addresses_inside_are_not_requested(city: CollectedDesk, system: Browser) -> None:
    inside = {
        "hosts": "10.0.0.1\n169.254.169.254",
        "lists": "http://10.0.0.1/\nhttp://169.254.169.254/latest",
    }
    tried = system.send(FORM, TRY, **typed(city, **inside))
    assert tried.text.count("指向内部地址") >= 2
    city.web.answers["/list.html"] = Answer(status=302, headers={"Location": "http://10.0.0.1/admin"})
    assert "主机不在 hosts 名单中" in system.send(FORM, TRY, **typed(city)).text


def test_hostile_words_of_a_form_are_shown_as_text(city: CollectedDesk, system: Browser) -> None:
    title = "</textarea><script>alert(1)</script>\"'"
    tried = system.send(FORM, TRY, **typed(city, title=title, lists=f'{city.web.base}/x"><b>'))
    assert "<script>" not in tried.text
    assert "<b>" not in tried.text


def test_a_slow_site_ends_the_dry_run_and_blocks_neither_the_desk_nor_a_second_one(
    city: CollectedDesk, system: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "SECONDS", 2.0)
    requested = threading.Event()

    def hang(_request: WebRequest, _write: object) -> None:
        requested.set()
        city.web.over.wait()

    city.web.answers["/list.html"] = hang
    form = {**forms(system.see(FORM))[TRY].fields, **typed(city)}
    answers: list[str] = []
    slow = threading.Thread(target=lambda: answers.append(system.client.post(TRY, data=form).text))
    slow.start()
    assert requested.wait(20)
    with city.desk.signed_in("xi") as other:
        assert "文件与来源" in other.see("/documents")
        second = other.send(FORM, TRY, **typed(city))
        assert (second.status_code, "另一个进程正在采集" in second.text) == (409, True)
    slow.join(30)
    assert not slow.is_alive()
    assert "试运行的时间已到" in answers[0]
    city.web.answers["/list.html"] = Answer(b"<html></html>")
    assert system.send(FORM, TRY, **typed(city)).status_code == 200, "the lock is free again"


def test_a_broken_file_is_said_and_nothing_is_added(city: CollectedDesk, system: Browser) -> None:
    (city.desk.settings.home / "sources.toml").write_text("[broken", encoding="utf-8")
    assert "不是合法的 TOML" in system.see("/documents")
    form = {**forms(system.see(FORM))[TRY].fields, **typed(city)}
    assert "不是合法的 TOML" in system.client.post(ADD, data=form).text
    (city.desk.settings.home / "sources.toml").unlink()
    assert "还没有来源" in system.see("/documents")
    assert system.client.post(ADD, data=form, follow_redirects=False).status_code == 303
    assert [*read_sources(city.desk.settings.home)] == ["xian"]


def test_who_may_not_is_refused(city: CollectedDesk) -> None:
    desk, before = city.desk, file(city)
    for name, role in (
        ("du", "督查"),
        ("zhang", "填报"),
        ("one", f"系统管理:{DOCUMENTS}"),
        ("other", "系统管理:fees"),
    ):
        desk.add(name, role)
    with desk.signed_in("du") as browser:
        assert f'href="/sources/{SOURCE}"' in browser.see("/documents")
        assert set(forms(browser.see(f"/sources/{SOURCE}"))) == {"/sign-out"}
        assert browser.client.get(FORM).status_code == 403
        token = forms(browser.see("/documents"))["/sign-out"].fields
        for path in (TRY, ADD):
            assert browser.client.post(path, data={**token, **typed(city)}).status_code == 403
    with desk.signed_in("zhang") as browser:
        assert "/sources" not in browser.see("/documents")
        assert browser.client.get(f"/sources/{SOURCE}").status_code == 403
    with desk.signed_in("other") as browser:
        form = {**forms(browser.see(FORM))[TRY].fields, **typed(city)}
        assert browser.client.post(TRY, data=form).status_code == 403, "of another list"
    with desk.signed_in("one") as browser:
        form = {**forms(browser.see(FORM))[TRY].fields, **typed(city, tables="fees")}
        assert browser.client.post(ADD, data=form).status_code == 403, "tables go to another list"
        assert browser.client.post(ADD, data=typed(city)).status_code == 403, "CSRF"
    assert (file(city), city.web.requests) == (before, [])
