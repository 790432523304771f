"""Uploads that break off, are too large, are bombs or pretend, and a full disk: the draft stays as it was."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest

from publisher.desk.accounts.roles import Action
from publisher.desk.http.uploads import LARGEST_UPLOAD
from publisher.ingest.formats.safety import zip_archive
from tests.publisher.desk.test_journey import XLSX
from tests.publisher.ingest.formats import samples
from tests.publisher.ingest.formats.samples import SHEET, with_parts, zip_parts
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.desk import DeskSite, desk_site
from tests.support.log import entry, stage
from tests.support.servers.desk_process import DeskProcess, desk_process

pytestmark = pytest.mark.slow
PART = "财政局"
ACTIONS = (Action.READ_DRAFT, Action.HAND_IN)
IMPORTS = "/desk/v1/drafts/fees/imports"
BOUNDARY = "----clerk"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="part"\r\n\r\n{PART}\r\n--{BOUNDARY}\r\n'
    'Content-Disposition: form-data; name="files"; filename="list.csv"\r\nContent-Type: text/csv\r\n\r\n'
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
MEGABYTES_200 = 200 << 20


class Uploader:
    """A program with a token, at a desk that is a process of its own."""

    def __init__(self, site: DeskSite, desk: DeskProcess, secret: str) -> None:
        self.site, self.desk = site, desk
        self.headers = {"authorization": f"Bearer {secret}"}
        self.before = self.draft()

    def draft(self) -> list[tuple[str | None, str, int]]:
        draft = self.site.log.drafts.get("fees")
        return [(one.part, one.source.digest, one.records) for one in draft.imports] if draft else []

    def hand_in(self, name: str, data: bytes, media_type: str = XLSX) -> httpx.Response:
        files = {"files": (name, data, media_type)}
        url, form = f"{self.desk.base}{IMPORTS}", {"part": PART}
        return httpx.post(url, data=form, files=files, headers=self.headers, timeout=120)

    def send_raw(self, body: Iterator[bytes], *, length: int | None) -> bytes:
        """Send a body until the server answers or breaks off → the beginning of its answer."""
        place = urlsplit(self.desk.base)
        size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
        head = (
            f"POST {IMPORTS} HTTP/1.1\r\nHost: {place.netloc}\r\n{size}\r\n"
            f"Authorization: {self.headers['authorization']}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
        )
        with socket.create_connection((place.hostname or "", place.port or 0), timeout=60) as connection:
            connection.sendall(head.encode())
            try:
                for piece in body:
                    chunk = piece if length is not None else b"%x\r\n%b\r\n" % (len(piece), piece)
                    connection.sendall(chunk)
            except OSError:  # the server has answered and closed
                pass
            try:
                return connection.recv(65_536)
            except ConnectionResetError:
                return b""

    def check(self) -> None:
        """The draft is as it was, the desk works, and no file is left."""
        assert self.draft() == self.before
        answer = httpx.get(f"{self.desk.base}/desk/v1/drafts/fees", headers=self.headers)
        assert [one["part"] for one in answer.json()["imports"]] == [PART]
        assert list((self.site.settings.home / "temporary").iterdir()) == []
        assert not [path for path in self.site.settings.sources.rglob("*") if path.suffix == ".part"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskSite]:
    """A site with a draft of one row, whose clock is the real one."""
    home, clock = tmp_path_factory.mktemp("home"), Clock(datetime.now(UTC))
    (home / "temporary").mkdir()
    with desk_site(home, sqlite.new(home / "qingdan.db"), clock) as site:
        site.add("zhang", "填报")
        stage(site.log, entry("甲"), part=PART)
        yield site


def add_uploader(site: DeskSite, desk: DeskProcess) -> Uploader:
    secret, _ = site.staff.tokens.add("zhang", "系统", dataset="fees", part=None, actions=ACTIONS)
    return Uploader(site, desk, secret)


@pytest.fixture(scope="module")
def uploader(site: DeskSite) -> Iterator[Uploader]:
    home = site.settings.home
    with desk_process(home, TMPDIR=str(home / "temporary")) as desk:
        yield add_uploader(site, desk)


def events(site: DeskSite) -> int:
    return site.staff.audit.head().size


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_an_upload_that_breaks_off_changes_nothing(uploader: Uploader, share: float) -> None:
    body = HEAD + b"\xe5\x90\x8d,1\n" * 1_000_000 + TAIL
    lines, place = events(uploader.site), urlsplit(uploader.desk.base)
    with socket.create_connection((place.hostname or "", place.port or 0)) as connection:
        connection.sendall(
            f"POST {IMPORTS} HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Authorization: {uploader.headers['authorization']}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
        )
        connection.sendall(body[: int(len(body) * share)])
    uploader.check()
    assert events(uploader.site) == lines


@pytest.mark.parametrize("is_announced", [True, False])
def test_200_megabytes_are_refused_without_holding_them(uploader: Uploader, *, is_announced: bool) -> None:
    """A size that is announced is refused before the body, another as soon as it is too large."""
    piece = b"0" * (1 << 20)
    body = (part for part in (HEAD, *[piece] * (MEGABYTES_200 >> 20), TAIL))
    length = MEGABYTES_200 + len(HEAD) + len(TAIL) if is_announced else None
    before = uploader.desk.peak()
    answer = uploader.send_raw(body, length=length)
    assert answer == b"" or b" 413 " in answer.partition(b"\r\n")[0], answer[:500]
    assert uploader.desk.peak() - before < LARGEST_UPLOAD + (16 << 20)
    uploader.check()


def bombs() -> dict[str, bytes]:
    cell = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>费</t></is></c></row>'
    rows = "".join(cell.format(n) for n in range(1, 2_000_000, 1_999_998))
    return {
        "inflates": with_parts(samples.xlsx(), {SHEET: bytes(zip_archive.LARGE + 1)}),
        "climbs": zip_parts({"../../../tmp/evil": "x", "xl/workbook.xml": "<x/>"}),
        "entity": with_parts(
            samples.xlsx(),
            {SHEET: b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>'},
        ),
        "far": with_parts(samples.xlsx(), {SHEET: samples.sheet_xml(rows)}),
    }


@pytest.mark.parametrize("name", list(bombs()))
def test_a_bomb_is_a_finding_and_no_load(uploader: Uploader, name: str) -> None:
    before = uploader.desk.peak()
    answer = uploader.hand_in("清单.xlsx", bombs()[name])
    assert answer.status_code == 200, answer.text
    assert answer.json()["findings"][0]["severity"] == "error"
    assert "root:" not in answer.text
    assert uploader.desk.peak() - before < 300 << 20
    uploader.check()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("清单.xlsx", b"MZ\x90\x00 a program"),
        ("清单.csv", b"\x7fELF\x02\x01\x01"),
        ("清单.xlsx", b"<html><script>alert(1)</script></html>"),
        ("清单.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
        ("清单.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("../../../etc/清单.xlsx", b"\x89PNG\r\n\x1a\n"),
        ("..\\..\\清单.xlsx", b""),
        ("<img src=x onerror=alert(1)>.xlsx", b"Rar!\x1a\x07\x01\x00"),
        ("清\u202exslx.exe", bytes(99)),
    ],
)
def test_a_file_that_pretends_is_refused_and_named_safely(uploader: Uploader, name: str, data: bytes) -> None:
    answer = uploader.hand_in(name, data)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report["records"] == 0
    (file,) = report["files"]
    assert "/" not in file["file"]
    assert "\\" not in file["file"]
    uploader.check()


@pytest.mark.parametrize("is_database", [False, True], ids=["file", "database"])
def test_a_full_disk_is_told_and_the_draft_stays(site: DeskSite, *, is_database: bool) -> None:
    """No file of the desk may grow beyond 1.5 MB, which has the same effect as a full disk."""
    names = [f"{n}号收费项目".ljust(40 if is_database else 400, "费") for n in range(9_000)]
    rows = samples.xlsx((("名称", "标准"), *((name, "1") for name in names)))
    data = rows if is_database else "\n".join(["名称,标准", *(f"{name},1" for name in names)]).encode()
    assert (len(data) > 3 << 19) is not is_database
    home = site.settings.home
    prefix, temporary = ("prlimit", f"--fsize={3 << 19}"), str(home / "temporary")
    with desk_process(home, prefix=prefix, TMPDIR=temporary) as desk:
        uploader = add_uploader(site, desk)
        refused = uploader.hand_in("清单.xlsx" if is_database else "清单.csv", data)
        assert (refused.status_code, refused.json()["code"]) == (507, "disk-full"), refused.text
        assert "磁盘已满" in refused.json()["detail"]
        uploader.check()
    assert not site.log.integrity.verify().problems
    assert not site.staff.audit.verify()
    with desk_process(home, TMPDIR=temporary) as desk:
        assert add_uploader(site, desk).hand_in("清单.xlsx", rows).json()["records"] == 9_000
    site.log.drafts.discard("fees", PART)
    stage(site.log, entry("甲"), part=PART)
