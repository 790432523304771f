"""Preferences of a client (RFC 9110, section 12.5), also of a hostile client: 64 KiB of anything."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.views.ogc import parameters
from publisher.web.conditional_requests import negotiate, request_headers, wants_page
from publisher.web.problems import ProblemError
from publisher.web.range_download import preferred_coding

OFFERED = ("text/html", "application/json")
SPACES = " " * 60_000
FILLINGS = (f"gzip{SPACES}x", f"gzip;{SPACES}q={SPACES}x", f"{SPACES}x", "a" * 60_000)
PIECES = st.sampled_from(
    [" ", ",", ";", "=", "q", "q=", "*/*", "text/html", "1e999", "nan", "-", '"', "\\", "."]
)


@pytest.mark.parametrize(
    "quality", ["1e999", "-1e999", "inf", "nan", "9" * 400, "x", "", "0x1", "1_0", '"1"']
)
def test_a_quality_that_is_no_decimal_counts_as_none(quality: str) -> None:
    assert negotiate(f"text/html;q=0.1, application/json;q={quality}", OFFERED) == "application/json"
    assert wants_page(f"application/json;q=0.1, text/html; q={quality}")


def test_a_quality_may_begin_with_its_dot_as_clients_in_java_send_it() -> None:
    assert negotiate("text/html;q=.2, application/json; q=.3", OFFERED) == "application/json"
    assert negotiate("text/html;q=.3, application/json; q=.2", OFFERED) == "text/html"


@pytest.mark.slow
@given(st.lists(PIECES).map("".join))
def test_any_preference_is_read_without_an_error(text: str) -> None:
    with suppress(ProblemError):
        negotiate(text, OFFERED)
    wants_page(f"text/html,{text}")
    preferred_coding(text)
    parameters.parse(b"f=json", {"accept-language": text}, ())


@pytest.mark.parametrize("filling", FILLINGS, ids=["end", "quality", "begin", "word"])
def test_no_preference_holds_the_event_loop(filling: str) -> None:
    """A header of 20,000 spaces held all readers for 17 seconds."""
    began = time.process_time()
    assert preferred_coding(filling) == ""
    headers = {"accept-language": filling.replace("gzip", "en")}
    assert parameters.parse(b"f=json", headers, ()).language == "zh"
    assert time.process_time() - began < 1


def test_what_exceeds_a_useful_length_of_a_preference_is_not_read() -> None:
    preferences = [(b"accept", b"application/json"), (b"accept", b"a/b," * 15_000)]
    headers = request_headers([*preferences, (b"if-none-match", b'"x",' * 1_000)])
    assert len(headers["accept"]) == 2_000
    assert len(headers["if-none-match"]) == 4_000
    assert negotiate(headers["accept"], OFFERED) == "application/json"
