"""A desk over a small site: accounts that are ready, and a browser without scripts for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pyotp
from litestar import Litestar
from litestar.testing import TestClient

from publisher.desk.accounts.roles import parse_grant
from publisher.desk.app import create_desk_app
from publisher.desk.desk import Staff, open_staff
from publisher.log.log import Log
from publisher.log.model import Part
from publisher.settings import Settings, read_settings
from tests.support.clock import Clock
from tests.support.datasets import create_dataset
from tests.support.log import fees_dataset

POWER_LIST = "shili-power-list"
DESK = "http://desk.example.gov.cn:8001"
GOOD_PASSWORD = "龙山脚下第三棵槐树很高7"


@dataclass
class Form:
    """A form of a page, as a browser would send it."""

    action: str
    fields: dict[str, str]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._textarea = self._select = ""
        """Name of the text area or of the list of choices that is open."""
        self._choice: str | None = None
        """Text of the choice that is open, if that is also its value."""
        self._is_chosen = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(own.get("action", ""), {}))
        elif tag in ("input", "textarea") and self.forms and "name" in own:
            kind = own.get("type")
            if kind != "file" and (kind not in ("checkbox", "radio") or "checked" in own):
                default = "on" if kind in ("checkbox", "radio") else ""
                self.forms[-1].fields[own["name"]] = own.get("value", default)
            self._textarea = own["name"] if tag == "textarea" else ""
        elif tag == "select" and self.forms:
            self._select = own["name"]
        elif tag == "option" and self._select:
            self._choice = None if "value" in own else ""
            self._is_chosen = "selected" in own or self._select not in self.forms[-1].fields
            if self._is_chosen:
                self.forms[-1].fields[self._select] = own.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.forms[-1].fields[self._textarea] += data
        elif self._choice is not None and self._is_chosen:
            self.forms[-1].fields[self._select] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "option":
            self._choice, self._is_chosen = None, False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._textarea:
            # A browser leaves out the line feed after the tag.
            fields = self.forms[-1].fields
            fields[self._textarea] = fields[self._textarea].removeprefix("\n")
            self._textarea = ""


def list_forms(html: str) -> Sequence[Form]:
    """Read the forms of a page; several may be sent to one address."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms


def forms(html: str) -> Mapping[str, Form]:
    """Read the forms of a page, by the address that each is sent to."""
    return {form.action: form for form in list_forms(html)}


@dataclass
class Browser:
    """A person at the desk, with the cookies of one browser."""

    client: httpx.Client

    def see(self, path: str, *, status: int = 200) -> str:
        response = self.client.get(path)
        assert response.status_code == status, response.text
        return response.text

    def send(self, page: str, action: str, *, files: Any = None, **typed: str) -> httpx.Response:
        """Open a page, fill in the form that goes to ``action``, and send it."""
        form = forms(self.see(page))[action]
        return self.client.post(action, data={**form.fields, **typed}, files=files, follow_redirects=False)


@dataclass
class DeskSite:
    """A desk, its accounts and a clock that tests set."""

    settings: Settings
    log: Log
    staff: Staff
    clock: Clock
    app: Litestar
    secrets: dict[str, str] = field(default_factory=dict)
    """Account → its TOTP secret."""

    def add(self, name: str, *roles: str) -> None:
        """Add an account and accept its invitation."""
        token = self.staff.accounts.add(name, name, [parse_grant(role) for role in roles])
        secret = self.secrets[name] = pyotp.random_base32()
        self.staff.accounts.accept(
            token, password=GOOD_PASSWORD, totp_secret=secret, code=code_at(secret, self.clock.now)
        )
        self.clock.advance(seconds=60)

    def acts(self, kind: str) -> list[tuple[str, str]]:
        """List the actor and the subject of each line of the audit log of a kind, the newest first."""
        return [(one.actor, one.subject) for one in self.staff.audit.events() if one.kind == kind]

    def code(self, name: str) -> str:
        return code_at(self.secrets[name], self.clock.now)

    @contextmanager
    def browser(self) -> Iterator[Browser]:
        # Not ``with TestClient(…)``: that starts the background jobs of the desk, once for each browser.
        yield Browser(TestClient(self.app, base_url=DESK))

    @contextmanager
    def signed_in(self, name: str) -> Iterator[Browser]:
        with self.browser() as browser:
            sign_in(browser, name, self.code(name))
            self.clock.advance(seconds=60)
            yield browser


def call_api(
    browser: Browser, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **more: Any
) -> Any:
    """POST to the API with the form token in a header, as a script in a browser does."""
    browser.see("/")
    token = {"x-csrftoken": browser.client.cookies["form"]}
    return browser.client.post(f"/desk/v1{path}", json=body, headers={**token, **(headers or {})}, **more)


def approve_and_publish(desk: DeskSite, address: str) -> str:
    """Approve a submission as ``li`` and publish it as ``wang`` → the page that follows."""
    with desk.signed_in("li") as reviewer, desk.signed_in("wang") as last:
        assert reviewer.send(address, f"{address}/approve").status_code == 303
        return last.send(address, f"{address}/publish").text


def code_at(secret: str, now: datetime) -> str:
    return pyotp.TOTP(secret).at(now)


def sign_in(browser: Browser, name: str, code: str, password: str = GOOD_PASSWORD) -> httpx.Response:
    return browser.send("/sign-in", "/sign-in", name=name, password=password, code=code)


@contextmanager
def desk_site(home: Path, url: str, clock: Clock, **environ: str) -> Iterator[DeskSite]:
    """Open a desk over a site with the dataset ``fees`` of two parts."""
    settings = read_settings(home, {"QINGDAN_DATABASE": url, "QINGDAN_DESK_BASE": DESK, **environ})
    log = Log.open(settings.database, sources=settings.sources, clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020-01-01")
    log.datasets.create(*fees_dataset())
    with closing(log), closing(open_staff(settings, create=True, clock=clock)) as staff:
        yield DeskSite(settings, log, staff, clock, create_desk_app(settings, log, staff, clock=clock))


def link_in(text: str) -> str:
    """Return the path of the one link to the desk in what a command printed."""
    (path,) = re.findall(r"https?://[^/\s]+(/(?:invitation|link)/\S+)", text)
    return str(path)


def create_power_list(log: Log) -> None:
    """Create the list of two departments whose publications need two persons."""
    create_dataset(
        log,
        POWER_LIST,
        title="示例市权责清单",
        title_en="Powers",
        division="210300",
        parts=(Part("应急管理局"), Part("民政局")),
        two_persons=True,
    )
