"""The grammar of query parameters, without a server."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.log.model import View
from publisher.web.problems import Fault, ProblemError
from publisher.web.query_parameters import COMPARISONS, Filter, Grammar, Parameters, parse, split

GRAMMAR = Grammar(
    names=frozenset(
        {"sort", "fields", "limit", "cursor", "facets", "as_of", "known_at", "release", "q", "after"}
    ),
    filters={
        "name": "string",
        "actor": "string",
        "decided_on": "date",
        "amount": "amount",
        "listed": "boolean",
    },
    operators=COMPARISONS,
    fields=frozenset({"name", "actor"}),
    facets=frozenset({"actor"}),
    sorts=frozenset({"name", "decided_on"}),
)


def faults(raw: bytes) -> tuple[Fault, ...]:
    with pytest.raises(ProblemError) as caught:
        parse(raw, GRAMMAR)
    assert caught.value.kind.code == "invalid-parameters"
    return caught.value.errors


def fault(raw: bytes) -> Fault:
    (only,) = faults(raw)
    return only


def test_an_empty_query_gives_the_defaults() -> None:
    assert parse(b"", GRAMMAR) == Parameters()


def test_a_repeated_field_means_or_and_different_fields_mean_and() -> None:
    parameters = parse(urlencode([("name", "甲"), ("name", "乙"), ("actor", "丙")]).encode(), GRAMMAR)
    assert parameters.filters == (Filter("name", "eq", ("甲", "乙")), Filter("actor", "eq", ("丙",)))


def test_chinese_in_a_query_need_not_be_encoded() -> None:
    assert parse("name=许可".encode(), GRAMMAR).filters == (Filter("name", "eq", ("许可",)),)


@pytest.mark.parametrize("operator", sorted(COMPARISONS - {"exists"}))
def test_every_comparison_reaches_the_filter(operator: str) -> None:
    parameters = parse(f"decided_on.{operator}=2015-12-01".encode(), GRAMMAR)
    assert parameters.filters == (Filter("decided_on", operator, ("2015-12-01",)),)


def test_exists_accepts_only_true_and_false() -> None:
    assert parse(b"name.exists=false", GRAMMAR).filters == (Filter("name", "exists", ("false",)),)
    assert fault(b"name.exists=1").parameter == "name.exists"


def test_an_unknown_parameter_is_refused_with_the_nearest_named() -> None:
    assert fault(b"limt=3").nearest == "limit"
    assert fault(b"actr=x").nearest == "actor"
    assert fault(b"decided_on.gth=2015-01-01").nearest == "decided_on.gt"
    assert fault(b"zzzzzz=1").nearest is None
    assert fault(b"name.=1").code == "unknown"


def test_a_bad_value_names_its_parameter_and_all_of_them_are_named_at_once() -> None:
    problems = faults(b"limit=0&as_of=2015-02-30&amount=many&decided_on=never&sort=nme")
    assert [f.parameter for f in problems] == ["limit", "as_of", "amount", "decided_on", "sort"]
    assert problems[-1].nearest == "name"
    assert all(f.detail and f.detail_en for f in problems)


@pytest.mark.parametrize("value", ["0", "1001", "-1", "1.5", "", "９", "1e2", "99999999999999999999999"])
def test_a_limit_outside_one_to_a_thousand_is_refused(value: str) -> None:
    assert fault(f"limit={quote(value)}".encode()).parameter == "limit"


def test_release_conflicts_with_another_clock_and_says_why() -> None:
    assert parse(b"release=3", GRAMMAR).view == View(release=3)
    only = fault(b"release=3&as_of=2015-01-01")
    assert (only.parameter, only.code) == ("release", "conflict")
    assert "as_of" in only.detail


def test_a_single_parameter_given_twice_is_refused() -> None:
    assert fault(b"limit=1&limit=2").code == "repeated"


def test_an_instant_needs_a_zone_and_survives_a_plus_that_became_a_space() -> None:
    expected = datetime(2015, 11, 30, 16, tzinfo=UTC)
    for text in ("2015-12-01T00:00:00+08:00", "2015-12-01T00:00:00%2B08:00", "2015-11-30T16:00:00Z"):
        assert parse(f"known_at={text}".encode(), GRAMMAR).view.known_at == expected
    for text in ("2015-12-01T00:00:00", "2015-12-01", "0001-01-01T00:00:00%2B14:00", "now"):
        assert fault(f"known_at={text}".encode()).parameter == "known_at"


def test_day_and_lists_are_parsed() -> None:
    parameters = parse(
        b"as_of=2015-12-01&sort=-decided_on,name&fields=name,actor&facets=actor&limit=7", GRAMMAR
    )
    assert parameters.view == View(as_of=date(2015, 12, 1))
    assert parameters.sort == (("decided_on", True), ("name", False))
    assert (parameters.fields, parameters.facets, parameters.limit) == (("name", "actor"), ("actor",), 7)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999999", "-", "0x10"])
def test_a_value_that_is_not_a_plain_number_is_refused(number: str) -> None:
    assert fault(f"amount.gte={number}".encode()).parameter == "amount.gte"


@pytest.mark.parametrize("raw", [b"name=%ED%A0%80", b"name=%FF", b"name=\xff", b"%C0%80=1"])
def test_text_that_is_not_utf8_is_refused(raw: bytes) -> None:
    assert fault(raw).code == "bad-value"


@pytest.mark.parametrize("raw", [b"name=a%00b", b"na%00me=1", b"name=%1b[31m", b"name=%EF%BF%BF"])
def test_control_characters_are_refused(raw: bytes) -> None:
    assert fault(raw).code == "bad-value"


def test_a_control_character_in_typed_text_becomes_a_space() -> None:
    assert split(b"q=%00a%1b%EF%BF%BFb") == {"q": [" a  b"]}


def test_a_query_of_a_hundred_kilobytes_is_refused_by_its_length() -> None:
    with pytest.raises(ProblemError) as caught:
        parse(b"name=" + b"a" * 100_000, GRAMMAR)
    assert caught.value.kind.code == "query-too-long"


def test_too_many_parameters_are_refused() -> None:
    assert fault(b"&".join([b"name=a"] * 1000)).code == "bad-value"


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused_as_invalid(raw: bytes) -> None:
    code = "invalid-parameters"
    try:
        parse(raw, GRAMMAR)
    except ProblemError as error:
        code = error.kind.code
    assert code == "invalid-parameters"


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from(["name", "actor"]), st.text(max_size=20)), max_size=8))
def test_every_printable_value_reaches_its_filter_unchanged(pairs: list[tuple[str, str]]) -> None:
    printable = [
        (name, value) for name, value in pairs if all(c.isprintable() and c < "\ud800" for c in value)
    ]
    parameters = parse(urlencode(printable).encode(), GRAMMAR)
    for condition in parameters.filters:
        assert condition.values == tuple(dict.fromkeys(v for n, v in printable if n == condition.field))
