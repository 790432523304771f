"""Files over HTTP: names, ranges, content codings, digests, validators, refusals."""

from __future__ import annotations

import base64
import gzip
import hashlib
from pathlib import Path
from urllib.parse import unquote

import httpx
import pyarrow as pa
import pytest

from publisher.views.exports.formats import FILE_FORMATS
from tests.support.problems import assert_problem
from tests.support.site import FEES, Site

pytestmark = pytest.mark.both_databases

HOME = f"/v1/datasets/{FEES}"
PINNED = f"{HOME}/releases/2/files"
PLAIN = {"accept-encoding": "identity"}


@pytest.mark.slow
@pytest.mark.parametrize("form", FILE_FORMATS)
def test_every_kind_is_served_with_its_name_digest_and_length(client: httpx.Client, form: str) -> None:
    answer = client.get(f"{PINNED}/{form}", headers=PLAIN)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == FILE_FORMATS[form].media_type
    assert answer.headers["cache-control"] == "public, no-cache"
    digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
    name = answer.headers["content-disposition"]
    assert f'filename="{FEES}.{FILE_FORMATS[form].suffix}"' in name
    assert "第2次发布" in unquote(name)
    listed = {f["form"]: f for f in client.get(PINNED).json()["files"]}
    assert listed[form]["sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert listed[form]["size"] == len(answer.content)
    head = client.head(f"{PINNED}/{form}", headers=PLAIN)
    assert head.headers["content-length"] == str(len(answer.content))
    assert head.content == b""


def test_content_codings_give_the_same_bytes_under_their_own_tags(client: httpx.Client) -> None:
    plain = client.get(f"{PINNED}/csv", headers=PLAIN)
    tags = {plain.headers["etag"]}
    for coding in ("gzip", "zstd"):
        with client.stream("GET", f"{PINNED}/csv", headers={"accept-encoding": coding}) as answer:
            assert answer.headers["content-encoding"] == coding
            tags.add(answer.headers["etag"])
            raw = b"".join(answer.iter_raw())
        decoded = (
            gzip.decompress(raw) if coding == "gzip" else pa.input_stream(pa.py_buffer(raw), "zstd").read()
        )
        assert decoded == plain.content
    assert len(tags) == 3
    assert "content-encoding" not in client.get(f"{PINNED}/xlsx", headers={"accept-encoding": "gzip"}).headers


def test_ranges_resume_a_download(client: httpx.Client) -> None:
    whole = client.get(f"{PINNED}/json", headers=PLAIN)
    for byte_range, part in (
        ("bytes=0-9", slice(0, 10)),
        ("bytes=10-", slice(10, None)),
        ("bytes=-7", slice(-7, None)),
    ):
        answer = client.get(f"{PINNED}/json", headers={**PLAIN, "range": byte_range})
        assert answer.status_code == 206
        assert answer.content == whole.content[part]
        assert answer.headers["content-range"].endswith(f"/{len(whole.content)}")
    unsatisfiable = client.get(f"{PINNED}/json", headers={**PLAIN, "range": "bytes=99999999-"})
    assert (unsatisfiable.status_code, unsatisfiable.headers["content-range"]) == (
        416,
        f"bytes */{len(whole.content)}",
    )
    stale = client.get(f"{PINNED}/json", headers={**PLAIN, "range": "bytes=0-9", "if-range": '"old"'})
    assert (stale.status_code, stale.content) == (200, whole.content)


def test_a_request_with_the_current_tag_gets_304(client: httpx.Client) -> None:
    tag = client.get(f"{PINNED}/csv").headers["etag"]
    assert client.get(f"{PINNED}/csv", headers={"if-none-match": tag}).status_code == 304


def test_a_dated_file_says_what_was_in_effect(client: httpx.Client) -> None:
    early = client.get(f"{HOME}/files/jsonl?as_of=2015-06-01").text
    assert "价格鉴证业务收费" in early
    assert "价格鉴证业务收费" not in client.get(f"{HOME}/files/jsonl").text
    assert "no-cache" in client.get(f"{HOME}/files/jsonl").headers["cache-control"]


def test_headings_come_in_two_languages(client: httpx.Client) -> None:
    assert client.get(f"{PINNED}/csv").text.startswith("\ufeff编号,")
    assert client.get(f"{PINNED}/csv?headers=en").text.startswith("\ufeffid,")


def test_the_whole_site_and_a_delta_are_served(client: httpx.Client) -> None:
    assert client.get("/v1/site.zip").content.startswith(b"PK")
    assert b'"op":"remove"' in client.get(f"{HOME}/releases/2/delta?from=1").content


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        (f"{HOME}/files/exe", 404, "no-such-file"),
        (f"{HOME}/releases/99/files/csv", 404, "no-such-release"),
        ("/v1/datasets/nothing/files/csv", 404, "no-such-dataset"),
        (f"{HOME}/files/json?headers=en", 422, "invalid-parameters"),
        (f"{HOME}/releases/2/files/csv?release=1", 422, "invalid-parameters"),
        (f"{HOME}/files/csv?release=99", 404, "no-such-release"),
        (f"{HOME}/releases/2/delta", 422, "invalid-parameters"),
        (f"{HOME}/releases/2/delta?from=99", 404, "no-such-release"),
    ],
)
def test_a_file_that_is_not_available_is_refused_with_the_reason(
    client: httpx.Client, address: str, status: int, code: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert_problem(answer, code)


def test_cached_files_are_stored_in_the_home(site: Site) -> None:
    site.client.get(f"{PINNED}/csv")
    assert site.log.files == site.settings.files
    assert any(Path(site.settings.files).rglob("*.csv"))


def test_the_last_instant_of_the_calendar_is_an_instant_of_the_future(client: httpx.Client) -> None:
    """In China it is a day after the last one that there is."""
    assert_problem(client.get(f"{HOME}/files/csv?known_at=9999-12-31T23:59:59Z"), "invalid-parameters")
