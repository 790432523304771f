"""The stranger's verifier accepts what was published, and names the first thing that was changed."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from litestar.testing import TestClient
from sqlalchemy import text

from publisher import settings
from publisher.app import create_app
from publisher.log.log import Log
from publisher.log.transparency import key_statements, verify
from publisher.log.transparency.audit_heads import AuditHead
from publisher.log.transparency.key_files import KeyFiles
from schemas.definition.catalogue import Content
from tests.support.required import skip_or_fail
from tests.support.site import FEES, PLAIN, Site, four_releases, publish

PROGRAM = Path(verify.__file__)


@dataclass(frozen=True)
class Archives:
    """What a stranger has downloaded."""

    log: Path
    site: Path
    package: Path
    checkpoint: Path
    """A checkpoint from before the last release."""
    key: str


def download(site: Site, address: str, file: Path) -> Path:
    answer = site.client.get(address)
    assert answer.status_code == 200, address
    file.write_bytes(answer.content)
    return file


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with four_releases(tmp_path_factory.mktemp("home")) as site:
        site.log.keys.create()
        yield site


@pytest.fixture(scope="module")
def archives(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Archives:
    folder = tmp_path_factory.mktemp("stranger")
    checkpoint = download(site, "/log/checkpoint", folder / "kept")
    later: list[Content] = [
        *PLAIN[:2],
        {"name": "=1+1", "department": "市财政局", "management": "缴入财政专户"},
    ]
    publish(site.log, FEES, later, date(2016, 3, 2), "示财〔2016〕3号")
    site.log.releases.erase(records=[(FEES, site.record("=1+1"))], ground="司法〔2016〕1号")
    site.log.proofs.append_audit_head(lambda: AuditHead(3, "0" * 64))
    (key, *_) = site.log.keys.all()
    return Archives(
        log=download(site, "/v1/log.zip", folder / "log.zip"),
        site=download(site, "/v1/site.zip", folder / "site.zip"),
        package=download(site, f"/v1/datasets/{FEES}/releases/2/files/zip", folder / "fees-2.zip"),
        checkpoint=checkpoint,
        key=str(key.key),
    )


def run(*arguments: object) -> tuple[int, str]:
    """Run the program as a stranger does: without the project's code."""
    result = subprocess.run(
        [sys.executable, "-I", PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert not result.stderr, result.stderr
    return result.returncode, result.stdout


@pytest.mark.slow
def test_what_was_published_is_accepted(archives: Archives) -> None:
    code, verdict = run(
        archives.log,
        archives.site,
        archives.package,
        "--checkpoint",
        archives.checkpoint,
        "--key",
        archives.key,
    )
    assert code == 0, verdict
    assert verdict.endswith("OK: 11 entries, 6 releases, 9 revisions\n")
    assert f"{archives.checkpoint}: 8 entries, signed by {archives.key}" in verdict


def change(archive: Path, target: Path, name: str, edit: Callable[[bytes], bytes | None]) -> Path:
    """Copy an archive with one file edited, or dropped, and its sums written again."""
    with zipfile.ZipFile(archive) as old:
        files = {info: old.read(info) for info in old.namelist() if info != "SHA256SUMS"}
    first = next(n for n in files if n == name or n.startswith(f"{name}/"))
    data = edit(files[first])
    assert data != files[first]
    files = {n: content for n, content in files.items() if n != first} | ({first: data} if data else {})
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {n}\n" for n, content in files.items())
    with zipfile.ZipFile(target, "w") as new:
        for n, content in (files | {"SHA256SUMS": sums.encode()}).items():
            new.writestr(n, content)
    return target


def flip(data: bytes) -> bytes:
    """Change the last letter or digit."""
    for n in range(len(data) - 1, -1, -1):
        if chr(data[n]).isalnum() and data[n] < 128:
            return data[:n] + (b"7" if data[n : n + 1] != b"7" else b"8") + data[n + 1 :]
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["checkpoint", "tile/0", "tile/entries", "documents", "manifests", "openings.jsonl", "catalogues"],
)
@pytest.mark.parametrize("edit", [flip, lambda data: None], ids=["changed", "dropped"])
def test_every_file_of_the_log_is_committed_to(
    archives: Archives, tmp_path: Path, name: str, edit: Callable[[bytes], bytes | None]
) -> None:
    changed = change(archives.log, tmp_path / "log.zip", name, edit)
    code, verdict = run(changed)
    if (name, edit is flip) == ("checkpoint", False):
        assert "NOT SIGNED" in verdict
        code, verdict = run(changed, "--key", "data.example.gov.cn/log+00000000+AA==")
    assert code == 1
    assert verdict.startswith("WRONG: ")


def test_base64_that_decodes_alike_is_not_the_note_that_was_signed(
    archives: Archives, tmp_path: Path
) -> None:
    """The last digit of a signature has two bits that count for nothing: another digit is refused."""

    def change_unused_bits(note: bytes) -> bytes:
        digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        text = note.rstrip(b"\n")
        assert text.endswith(b"=")
        last = digits.index(text[-2:-1])
        return text[:-2] + digits[last ^ 1 : (last ^ 1) + 1] + b"=\n"

    code, verdict = run(change(archives.log, tmp_path / "log.zip", "checkpoint", change_unused_bits))
    assert (code, "not canonical base64" in verdict) == (1, True), verdict


def edit_line(field: str) -> Callable[[bytes], bytes]:
    """Change a value of the first revision."""

    def edit(data: bytes) -> bytes:
        first, *others = data.splitlines(keepends=True)
        line = json.loads(first)
        match line[field]:
            case dict() as value if value:
                key = next(iter(value))
                value[key] = "改"
            case dict():
                line[field] = {"x": "改"}
            case str() as value:
                line[field] = value[:-1] + ("0" if value[-1:] != "0" else "1")
        return json.dumps(line, ensure_ascii=False).encode() + b"\n" + b"".join(others)

    return edit


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("content", "content was changed"),
        ("salt", "content was changed"),
        ("locator", "file, locator, originals or source_text"),
        ("originals", "file, locator, originals or source_text"),
        ("source", "file, locator, originals or source_text"),
        ("source_text", "file, locator, originals or source_text"),
        ("record", "file, locator, originals or source_text"),
    ],
)
def test_a_changed_revision_is_named(archives: Archives, tmp_path: Path, field: str, problem: str) -> None:
    code, verdict = run(change(archives.log, tmp_path / "log.zip", "revisions", edit_line(field)))
    assert (code, problem in verdict) == (1, True), verdict
    assert "record " in verdict


def test_a_dropped_revision_is_named_unless_it_was_erased(archives: Archives, tmp_path: Path) -> None:
    def drop_first(data: bytes) -> bytes:
        return b"".join(data.splitlines(keepends=True)[1:])

    changed = change(archives.log, tmp_path / "log.zip", f"revisions/{FEES}.jsonl", drop_first)
    code, verdict = run(changed)
    assert (code, "missing without an erasure" in verdict) == (1, True), verdict


def edit_csv(edit: Callable[[str], str]) -> Callable[[bytes], bytes]:
    return lambda data: edit(data.decode()).encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (lambda t: t.replace("缴入财政专户", "缴入地方国库", 1), "field management: '缴入地方国库'"),
        (lambda t: t.replace("2015-12-01", "2015-12-02", 1), "field effective_from"),
        (lambda t: "".join(t.splitlines(keepends=True)[:-1]), "is missing"),
        (lambda t: t + t.splitlines()[-1].replace(t.splitlines()[-1][:20], "x" * 20), "is not in release 2"),
        (lambda t: t.replace("管", "x", 1) if "管" in t else t.replace("局", "部", 1), "field department"),
        (lambda t: t + t.splitlines(keepends=True)[-1], "stands there twice"),
        (lambda t: t.replace("management", "remarks", 1), "field management: None"),
    ],
)
def test_a_changed_file_names_record_and_field(
    archives: Archives, tmp_path: Path, edit: Callable[[str], str], problem: str
) -> None:
    changed = change(archives.package, tmp_path / "fees.zip", f"data/{FEES}.csv", edit_csv(edit))
    code, verdict = run(archives.log, changed)
    assert (code, problem in verdict) == (1, True), verdict
    assert "record " in verdict


def test_a_file_that_the_sums_do_not_list_is_refused(archives: Archives, tmp_path: Path) -> None:
    for archive, arguments in ((archives.log, ()), (archives.site, (archives.log,))):
        more = tmp_path / archive.name
        more.write_bytes(archive.read_bytes())
        with zipfile.ZipFile(more, "a") as file:
            file.writestr("more.txt", b"more")
        code, verdict = run(*arguments, more)
        assert (code, "more.txt is not the file in SHA256SUMS" in verdict) == (1, True), verdict


WITHOUT_NETWORK = ("unshare", "--net")
FLIP_BYTES = Path(__file__).with_name("flip_bytes.py")


@pytest.fixture(scope="module")
def sample(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """``log.zip`` and ``site.zip`` of the sample site, signed."""
    home = shutil.copytree(sample_home, tmp_path_factory.mktemp("signed") / "site")
    place = settings.read_settings(home, {})
    keys = KeyFiles(place.keys, "")
    with closing(Log.open(place.database, sources=place.sources, keys=keys)) as log:
        log.keys.create()
    folder = tmp_path_factory.mktemp("downloads")
    with TestClient(create_app(place), base_url="https://data.example.gov.cn") as client:
        for name in ("log.zip", "site.zip"):
            (folder / name).write_bytes(client.get(f"/v1/{name}").content)
    return folder / "log.zip", folder / "site.zip"


@pytest.mark.slow
@pytest.mark.parametrize("copies", [15, pytest.param(60, marks=pytest.mark.soak)])
def test_the_sample_is_verified_without_a_network_and_not_with_one_byte_changed(
    sample: tuple[Path, Path], copies: int
) -> None:
    """Of each archive ``copies`` with a byte of the archive changed, and as many with one of a file."""
    if shutil.which("unshare") is None or subprocess.run([*WITHOUT_NETWORK, "true"], check=False).returncode:
        skip_or_fail("unshare --net is not allowed")
    python = [*WITHOUT_NETWORK, sys.executable, "-I"]
    probe = "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)"
    refused = subprocess.run([*python, "-c", probe], capture_output=True, text=True, check=False)
    assert "Network is unreachable" in refused.stderr
    command = [*python, str(PROGRAM), *map(str, sample)]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout
    assert verified.stdout.splitlines()[-1].startswith("OK: ")
    command = [*python, str(FLIP_BYTES), str(PROGRAM), *map(str, sample), str(copies)]
    flipped = subprocess.run(command, capture_output=True, text=True, check=False)
    assert flipped.returncode == 0, flipped.stderr
    (line,) = flipped.stdout.splitlines()
    numbers = [int(word) for word in line.split() if word.isdigit()]
    assert sum(numbers) == 4 * copies
    assert numbers[0] > 0.9 * sum(numbers), line


def test_one_changed_byte_of_an_archive_is_never_accepted(archives: Archives, tmp_path: Path) -> None:
    for archive, arguments in ((archives.log, ()), (archives.site, (archives.log,))):
        data = archive.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            info = next(i for i in file.infolist() if i.filename.endswith((".jsonl", ".csv")) and i.file_size)
        at = info.header_offset + 30 + len(info.filename) + info.compress_size // 2
        changed = tmp_path / archive.name
        changed.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        code, verdict = run(*arguments, changed)
        assert (code, verdict.startswith("WRONG: ")) == (1, True), verdict


@pytest.mark.slow
def test_a_past_that_was_rewritten_does_not_fit_a_kept_checkpoint(tmp_path: Path) -> None:
    """Whoever has the key and the database can publish another past: a kept checkpoint shows it."""
    with four_releases(tmp_path / "home") as site:
        key = site.log.keys.create()
        checkpoint = download(site, "/log/checkpoint", tmp_path / "kept")
        honest = download(site, "/v1/log.zip", tmp_path / "honest.zip")
        with site.log._session.database.write() as conn:
            for table in ("checkpoint", "tile", "entry"):
                conn.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - our own names
            for table in ("site", "dataset"):
                conn.execute(text(f"UPDATE {table} SET document = NULL"))  # noqa: S608 - our own names
            conn.execute(text("UPDATE revision SET locator = '{}' WHERE key = 1"))
        site.log.releases.reseal()
        with site.log._session.append() as conn:
            statement = key_statements.statement_text(conn, key, lost=False, at=1)
            signature = site.log._session.keys.sign(key, statement)
            key_statements.append_statement(conn, statement, [signature], 1)
        rewritten = download(site, "/v1/log.zip", tmp_path / "rewritten.zip")
    for archive in (honest, rewritten):
        code, verdict = run(archive, "--key", key)
        assert code == 0, verdict
    assert run(honest, "--checkpoint", checkpoint)[0] == 0
    code, verdict = run(rewritten, "--checkpoint", checkpoint)
    assert (code, "WRONG: " in verdict) == (1, True), verdict


@pytest.mark.slow
def test_the_last_releases_cannot_be_cut_off_unseen(tmp_path: Path) -> None:
    with four_releases(tmp_path / "home") as site:
        site.log.keys.create()
        short = download(site, "/v1/log.zip", tmp_path / "short.zip")
        publish(site.log, FEES, PLAIN[:2], date(2016, 3, 2), "示财〔2016〕3号")
        checkpoint = download(site, "/log/checkpoint", tmp_path / "kept")
    assert run(short)[0] == 0
    code, verdict = run(short, "--checkpoint", checkpoint)
    assert (code, "entries, the log only" in verdict) == (1, True), verdict


def test_the_program_is_short_and_its_digest_is_published() -> None:
    data = PROGRAM.read_bytes()
    assert len(data.splitlines()) <= 150
    digest = hashlib.sha256(data).hexdigest()
    listed = PROGRAM.with_name("verify.py.sha256").read_text(encoding="ascii")
    assert listed == f"{digest}  verify.py\n"
    assert digest in (PROGRAM.parents[3] / "docs" / "proof.md").read_text(encoding="utf-8")
