"""ETags, 304 and content negotiation (RFC 9110)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.web.conditional_requests import Validity, etag, is_unchanged, negotiate
from publisher.web.problems import ProblemError

pytestmark = pytest.mark.both_databases

MODIFIED = datetime(2015, 12, 1, 8, 30, 0, 999, tzinfo=UTC)
VALIDITY = Validity((1, "a"), MODIFIED)
TAG = etag(VALIDITY, version="1", address=b"/a?b=1")


def test_a_tag_changes_with_the_state_the_address_and_the_software() -> None:
    others = {
        etag(Validity((2, "a"), MODIFIED), version="1", address=b"/a?b=1"),
        etag(VALIDITY, version="2", address=b"/a?b=1"),
        etag(VALIDITY, version="1", address=b"/a?b=2"),
    }
    assert len(others | {TAG}) == 4
    assert etag(VALIDITY, version="1", address=b"/a?b=1") == TAG
    assert not TAG.startswith("W/")


@pytest.mark.parametrize("tags", [TAG, f"W/{TAG}", f'"x", {TAG}', "*", f'"a,b" , {TAG}'])
def test_a_matching_tag_is_unchanged(tags: str) -> None:
    assert is_unchanged(VALIDITY, TAG, {"if-none-match": tags})


@pytest.mark.parametrize("tags", ['"x"', "", TAG.strip('"'), "garbage", '"'])
def test_another_tag_is_changed_even_if_the_date_would_do(tags: str) -> None:
    headers = {"if-none-match": tags, "if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert not is_unchanged(VALIDITY, TAG, headers)


def test_if_modified_since_counts_whole_seconds() -> None:
    assert is_unchanged(VALIDITY, TAG, {"if-modified-since": "Tue, 01 Dec 2015 08:30:00 GMT"})
    assert not is_unchanged(VALIDITY, TAG, {"if-modified-since": "Tue, 01 Dec 2015 08:29:59 GMT"})
    assert not is_unchanged(Validity((1,)), TAG, {"if-modified-since": "Tue, 01 Dec 2015 08:30:00 GMT"})


@pytest.mark.parametrize(
    "date",
    [
        "Tue, 01 Dec 99999999999999999999 08:30:00 GMT",
        "Tue, 99999999999999999999 Dec 2015 08:30:00 GMT",
        "Tue, 01 Dec 2015 99999999999999999999:30:00 GMT",
        "Tue, 01 Dec 2015 08:30:00 +99999999999999999999",
    ],
)
def test_a_date_beyond_the_machine_s_integers_is_no_condition(date: str) -> None:
    assert not is_unchanged(VALIDITY, TAG, {"if-modified-since": date})


@pytest.mark.slow
@given(st.text())
def test_any_date_and_any_tag_are_read_without_an_error(text: str) -> None:
    is_unchanged(VALIDITY, TAG, {"if-modified-since": text})
    is_unchanged(VALIDITY, TAG, {"if-none-match": text})


@pytest.mark.parametrize(
    "accept",
    [
        *(None, "", "*/*", "application/json", "application/*", "text/html, application/json;q=0.1"),
        *(
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/json; charset=utf-8",
        ),
    ],
)
def test_an_accept_header_that_allows_json_passes(accept: str | None) -> None:
    negotiate(accept, ("application/json",))


@pytest.mark.parametrize(
    "accept", ["text/html", "application/json;q=0", "application/xml, text/*;q=0.3", "*/*;q=0"]
)
def test_an_accept_header_without_json_is_refused_and_the_available_types_are_named(accept: str) -> None:
    with pytest.raises(ProblemError, match="application/json"):
        negotiate(accept, ("application/json",))
