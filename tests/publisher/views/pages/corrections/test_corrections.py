"""The form «我要纠错»: from the record's page to the receipt, and everything that it refuses, in words."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
from litestar.testing import TestClient

from publisher.app import create_app
from publisher.inbox.contact_seal import SealKeys
from publisher.inbox.form_limits import DAILY, MAX_SECONDS, MIN_SECONDS
from publisher.inbox.inbox import CONTACT_DAYS, Inbox
from publisher.settings import read_settings
from publisher.web.posted_form import MAX_BYTES
from tests.support.clock import Clock
from tests.support.problems import assert_problem
from tests.support.site import FEES, HOST, Site, four_releases

PAGE = {"accept": "text/html"}
FORM = "application/x-www-form-urlencoded"
FILLED = {
    "field": "management",
    "value": "缴入省级国库",
    "proof": "示财〔2016〕3号",
    "contact": "张三 13800138000",
}


@dataclass
class FormSite:
    site: Site
    client: httpx.Client
    inbox: Inbox
    clock: Clock

    @property
    def path(self) -> str:
        return f"/datasets/{FEES}/records/{self.site.record('城镇垃圾处理费')}/correction"

    def token(self) -> str:
        """Open the form, and wait as long as a reader takes."""
        page = self.client.get(self.path, headers=PAGE).text
        match = re.search(r'name="token" value="([^"]+)"', page)
        assert match
        self.clock.advance(seconds=MIN_SECONDS)
        return match[1]

    def send(self, address: str = "203.0.113.9", **changes: str) -> httpx.Response:
        return self.post({"token": self.token(), **FILLED, **changes}, address)

    def post(
        self, form: dict[str, str] | bytes, address: str = "203.0.113.9", **headers: str
    ) -> httpx.Response:
        own = {**PAGE, "x-forwarded-for": address, "content-type": FORM, **headers}
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        return self.client.post(self.path, content=body, headers=own, follow_redirects=False)


@contextmanager
def form_site(home: Path, *, capacity: int = 100) -> Iterator[FormSite]:
    with four_releases(home) as site:
        clock = Clock(site.clock.now)
        environ = {"QINGDAN_CLIENT_HEADER": "X-Forwarded-For", "QINGDAN_CORRECTIONS": str(capacity)}
        settings, keys = read_settings(home, environ), SealKeys(home / "keys")
        Inbox.create(settings.database, settings.inbox, keys, clock=clock)
        inbox = Inbox.open(settings.database, settings.inbox, keys, clock=clock)
        assert inbox is not None
        app = create_app(settings, log=site.log, search=site.engine, clock=clock)
        with TestClient(app, base_url=HOST) as client:
            yield FormSite(site, client, inbox, clock)
        inbox.close()


@pytest.fixture
def forms(tmp_path: Path) -> Iterator[FormSite]:
    with form_site(tmp_path) as forms:
        yield forms


def test_a_reader_goes_from_the_record_to_the_receipt_and_the_clerk_s_outcome(forms: FormSite) -> None:
    record = forms.client.get(forms.path.removesuffix("/correction"), headers=PAGE)
    assert f'href="{forms.path}"' in record.text
    form = forms.client.get(forms.path, headers=PAGE)
    assert form.headers["cache-control"] == "no-store"
    assert "form-action 'self'" in form.headers["content-security-policy"]
    assert 'method="post"' in form.text
    assert "<script>" not in form.text
    answer = forms.send()
    assert answer.status_code == 303
    receipt = forms.client.get(answer.headers["location"], headers=PAGE)
    assert (receipt.status_code, receipt.headers["cache-control"]) == (200, "no-store")
    assert "已收到" in receipt.text
    assert "set-cookie" not in receipt.headers
    for secret in (FILLED["value"], FILLED["proof"], "13800138000"):
        assert secret not in receipt.text
    (request,) = forms.inbox.list()
    assert forms.inbox.get(request.id).statements[0].contact == FILLED["contact"]
    assert FILLED["value"] not in forms.client.get("/corrections", headers=PAGE).text
    forms.inbox.accept(request.id, outcome="已更正", release=4)
    assert "已采纳" in forms.client.get(answer.headers["location"], headers=PAGE).text
    public = forms.client.get("/corrections", headers=PAGE).text
    assert FILLED["value"] in public
    assert FILLED["proof"] in public
    assert "13800138000" not in public


def test_a_form_in_another_language_stays_in_it(forms: FormSite) -> None:
    page = forms.client.get(f"{forms.path}?lang=en", headers=PAGE).text
    assert "Report a mistake" in page
    (action,) = re.findall(r'<form class="correction" method="post" action="([^"]+)"', page)
    (token,) = re.findall(r'name="token" value="([^"]+)"', page)
    forms.clock.advance(seconds=MIN_SECONDS)
    answer = forms.client.post(
        unescape(action), data={"token": token, **FILLED}, headers=PAGE, follow_redirects=False
    )
    assert answer.headers["location"].endswith("&lang=en")
    assert "Receipt" in forms.client.get(answer.headers["location"], headers=PAGE).text


REFUSED = (
    ({"field": "colour"}, "请选择哪一项有误"),
    ({"value": " \r\n "}, "请写明应为什么"),
    ({"value": "缴入财政专户"}, "与现在的内容相同"),
    ({"proof": ""}, "请写明依据"),
    ({"value": "字" * 2001}, "最多2000字"),
    ({"contact": "字" * 201}, "最多200字"),
    ({"token": "1.f"}, "表单无效"),
    ({"token": "不是数.f"}, "表单无效"),
    ({"token": ""}, "表单无效"),
)


@pytest.mark.slow
def test_a_form_that_is_refused_says_why_and_keeps_what_was_written(forms: FormSite) -> None:
    for changes, words in REFUSED:
        answer = forms.send(**changes)
        assert answer.status_code == 422
        assert answer.headers["cache-control"] == "no-store"
        assert words in answer.text
        for name in {"value", "proof"} - changes.keys():
            assert FILLED[name] in answer.text
    assert forms.inbox.list() == []


def test_a_form_is_refused_when_it_is_too_young_too_old_or_of_another_record(forms: FormSite) -> None:
    token = forms.token()
    forms.clock.advance(seconds=-MIN_SECONDS)
    assert "提交得太快" in forms.post({"token": token, **FILLED}).text
    forms.clock.advance(seconds=MAX_SECONDS + 1)
    assert "表单已过期" in forms.post({"token": token, **FILLED}).text
    other = forms.path.replace(forms.site.record("城镇垃圾处理费"), forms.site.record("食品经营许可证工本费"))
    answer = forms.client.post(other, data={"token": forms.token(), **FILLED}, headers=PAGE)
    assert "表单无效" in answer.text
    assert forms.inbox.list() == []


@pytest.mark.slow
def test_what_a_reader_writes_is_text_on_every_page(forms: FormSite) -> None:
    script = "\"'><script>alert(1)</script>{{ 7*7 }}"
    refused = forms.send(value=script, proof=script, contact=script, token="1.f")
    assert "<script>alert" not in refused.text
    assert "&lt;script&gt;alert" in refused.text
    answer = forms.send(value=script, proof=script)
    assert answer.status_code == 303
    (request,) = forms.inbox.list()
    forms.inbox.accept(request.id, outcome=script)
    for page in ("/corrections", answer.headers["location"]):
        text = forms.client.get(page, headers=PAGE).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


@pytest.mark.slow
def test_a_form_of_another_site_s_page_is_refused(forms: FormSite) -> None:
    form = {"token": forms.token(), **FILLED}
    foreign = (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
    )
    for headers in foreign:
        assert forms.post(form, **headers).status_code == 403
    assert forms.inbox.list() == []
    for headers in ({"sec-fetch-site": "same-origin", "origin": "null"}, {"origin": "null"}):
        assert forms.post(form, **headers).status_code == 303


def test_bodies_that_are_no_form_are_refused_by_name_for_people_and_programs(forms: FormSite) -> None:
    wants = {"accept": "application/json"}
    kinds = {
        "not-a-form": ({"content-type": "application/json", **wants}, b"{}"),
        "form-too-large": (
            {"content-type": FORM, **wants},
            b"value=" + b"x" * MAX_BYTES,
        ),
        "bad-request": ({"content-type": FORM, **wants}, b"value=%ff"),
        "form-refused": ({"content-type": FORM, **wants}, b""),
    }
    for code, (headers, body) in kinds.items():
        problem = assert_problem(forms.client.post(forms.path, content=body, headers=headers), code)
        page = forms.client.post(forms.path, content=body, headers={**headers, **PAGE})
        assert page.status_code == problem["status"]
        assert page.headers["content-type"].startswith("text/html")
    english = forms.client.post(f"{forms.path}?lang=en", content=b"{}", headers=PAGE)
    assert "Not a form" in english.text
    for method in ("PUT", "OPTIONS"):
        assert forms.client.request(method, forms.path).headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert forms.client.post(f"/datasets/{FEES}").status_code == 405


def test_an_address_has_so_many_a_day_and_the_next_day_again(forms: FormSite) -> None:
    for number in range(DAILY):
        assert forms.send(value=f"值{number}").status_code == 303
    refused = forms.send(value="再一个")
    assert refused.status_code == 429
    assert "今天提交的表单过多" in refused.text
    assert forms.send("203.0.113.10", value="再一个").status_code == 303
    forms.clock.advance(days=1)
    assert forms.send(value="第二天").status_code == 303


def test_a_full_queue_says_so(tmp_path: Path) -> None:
    with form_site(tmp_path, capacity=1) as forms:
        assert forms.send().status_code == 303
        full = forms.send(value="另一值")
        assert full.status_code == 503
        assert int(full.headers["retry-after"]) > 0
        assert "暂时不能提交纠错" in full.text
        assert "搜索暂不可用" not in full.text


def test_there_is_no_form_for_a_record_that_was_withdrawn_and_none_where_it_is_off(
    forms: FormSite, site: Site
) -> None:
    changes = forms.site.log.queries.changes(dataset=FEES, release=4)
    (withdrawn,) = (change.record for change in changes)
    path = f"/datasets/{FEES}/records/{withdrawn}/correction"
    assert forms.client.get(path).status_code == 410
    assert forms.client.post(path, data=FILLED).status_code == 410
    assert forms.client.post(forms.path.replace(FEES, "nothing"), data=FILLED).status_code == 404
    for address in (forms.path, "/corrections", "/corrections/receipt?token=a"):
        assert_problem(site.client.get(address), "no-such-route")
    assert_problem(site.client.post(forms.path, data=FILLED), "no-such-route")
    record = forms.path.removesuffix("/correction")
    off, on = (client.get(record, headers=PAGE) for client in (site.client, forms.client))
    assert "/correction" not in off.text
    assert off.headers["etag"] != on.headers["etag"]


def test_a_receipt_is_for_who_has_its_token(forms: FormSite) -> None:
    assert forms.send().status_code == 303
    for token in ("", "a" * 22, "%00", "../../etc", "字" * 22, "' OR 1=1 --"):
        assert_problem(forms.client.get(f"/corrections/receipt?token={quote(token)}"), "no-such-correction")


def flood(home: Path, posts: int, *, capacity: int) -> None:
    """Send hostile posts from many addresses; then look at what is left where."""
    draw = random.Random(17)
    with form_site(home, capacity=capacity) as forms:
        token, statuses = forms.token(), set()
        bodies = (
            lambda n: {"token": token, **FILLED, "value": f"广告{n}", "contact": f"1390000{n:04}"},
            lambda n: {"token": token, **FILLED},
            lambda n: {
                "token": token,
                **FILLED,
                "value": "\x00\ud800".encode("utf-8", "replace").decode() * n,
            },
            lambda n: {"token": token[: n % 20], **FILLED},
            lambda n: {name: "A" * draw.randrange(5000) for name in FILLED},
            lambda n: {"token": token, **FILLED, "field": "' OR 1=1 --", "value": "<script>"},
            lambda n: {f"f{i}": "" for i in range(30)},
            draw.randbytes,
        )
        for number in range(posts):
            address = f"198.51.{number // 250 % 250}.{number % 250}"
            statuses.add(forms.post(draw.choice(bodies)(number), address).status_code)
            statuses.add(
                forms.client.get(f"/corrections/receipt?token={draw.randbytes(9).hex()}").status_code
            )
        assert statuses == {303, 400, 404, 422, 503}, statuses
        assert len(forms.inbox.list()) == capacity
        assert forms.client.get("/corrections").text.count("广告") == 0
        for request in forms.inbox.list():
            forms.inbox.reject(request.id, reason="广告")
        forms.clock.advance(days=CONTACT_DAYS)
        forms.inbox.forget()
        for file in (path for path in home.rglob("*") if path.is_file()):
            data = file.read_bytes()
            assert "广告1".encode() not in data, file
            assert b"1390000" not in data, file
            assert b"198.51." not in data, file


@pytest.mark.slow
def test_hostile_posts_leave_a_bounded_queue_and_nothing_after_the_deadline(tmp_path: Path) -> None:
    flood(tmp_path, 150, capacity=10)


@pytest.mark.soak
def test_ten_thousand_hostile_posts(tmp_path: Path) -> None:
    flood(tmp_path, 10_000, capacity=100)


def test_a_correction_of_a_record_that_was_erased_is_not_shown(forms: FormSite) -> None:
    forms.send()
    (request,) = forms.inbox.list()
    forms.inbox.accept(request.id, outcome="已更正", release=4)
    record = forms.site.record("城镇垃圾处理费")
    forms.site.log.releases.erase(records=[(FEES, record)], ground="司法")
    public = forms.client.get("/corrections", headers=PAGE).text
    assert FILLED["value"] not in public
    assert record not in public


def test_of_a_withdrawn_record_the_outcome_of_a_correction_is_shown_alone(forms: FormSite) -> None:
    forms.send()
    (request,) = forms.inbox.list()
    forms.inbox.accept(request.id, outcome="已更正", release=4)
    forms.site.log.releases.withdraw(FEES, [forms.site.record("城镇垃圾处理费")], reason="不应公开")
    public = forms.client.get("/corrections", headers=PAGE).text
    assert "已更正" in public
    assert FILLED["value"] not in public
    assert FILLED["proof"] not in public
