"""Text is compared and ordered by code point, whatever the locale of the PostgreSQL database."""

from __future__ import annotations

import operator
from collections.abc import Iterator

import psycopg
import pytest

from publisher.log.log import Log
from publisher.log.model import RecordQuery
from publisher.log.predicate import AnyValue, Comparison, Like, Operator
from tests.support.clock import Clock
from tests.support.log import entry, fees_dataset, release
from tests.support.servers.postgresql import CHINESE, Server

TITLES = (
    "阿",
    "民政",
    "医疗",
    "民",
    "安",
    "中",
    "一",
    "B",
    "a",
    "Ａ",
    "A1",
    "A-1",
    "é",
    "e",
    "𠮷",
    "〇",
    "·",
)
"""By code point, by Pinyin and by the rules of Unicode these have three different orders."""
COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(CHINESE, id="icu-zh"),
        pytest.param("LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C.UTF-8'", id="icu-en"),
        pytest.param("LOCALE_PROVIDER libc LOCALE 'C.UTF-8'", id="libc"),
    ],
)
def address(request: pytest.FixtureRequest, postgresql_server: Server) -> Iterator[str]:
    with postgresql_server.database(migrated=False, locale=request.param) as url:
        yield url


@pytest.fixture(scope="module")
def log(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """Log with one record for each title; field ``kind`` is in the table of values, ``remark`` is not."""
    log = Log.open(address, sources=tmp_path_factory.mktemp("site") / "sources", clock=Clock())
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026-11-23")
    log.datasets.create(*fees_dataset())
    release(log, *(entry(title, place=title + "!" * 400, kind=title) for title in TITLES))
    yield log
    log.close()


def titles(log: Log, query: RecordQuery) -> list[str]:
    """Read every page of a query, five records at a time."""
    page = log.queries.records("fees", query)
    return [record.title for record in page.records] + (
        titles(log, RecordQuery(where=query.where, sort=query.sort, limit=5, after=page.after))
        if page.after
        else []
    )


@pytest.mark.parametrize("sign", COMPARE)
def test_a_bound_cuts_by_code_point(log: Log, sign: Operator) -> None:
    for bound in TITLES:
        expected = sorted(title for title in TITLES if COMPARE[sign](title, bound))
        for where in (
            AnyValue("name", sign, (bound,)),
            AnyValue("kind", sign, (bound,)),
            Comparison("name", sign, bound),
        ):
            assert titles(log, RecordQuery(where=where, limit=5)) == expected, (where, bound)


@pytest.mark.parametrize("field", ["name", "kind", "place"])
def test_lists_have_the_order_of_code_points(log: Log, field: str) -> None:
    assert titles(log, RecordQuery(sort=((field, False),), limit=5)) == sorted(TITLES)
    assert titles(log, RecordQuery(sort=((field, True),), limit=5)) == sorted(TITLES, reverse=True)
    assert titles(log, RecordQuery(limit=5)) == sorted(TITLES)


def test_facets_and_patterns_know_no_locale(log: Log) -> None:
    page = log.queries.records("fees", RecordQuery(facets=("kind",)))
    assert [value for value, _ in page.facets["kind"]] == sorted(TITLES)
    assert titles(log, RecordQuery(where=Like("name", ("A", None)))) == ["A-1", "A1"]
    assert log.integrity.verify().problems == ()


def test_every_column_of_text_is_by_code_point(log: Log, address: str) -> None:
    with psycopg.connect(address) as conn:
        others = conn.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
        ).fetchall()
    assert others == []
