"""Editions made from texts of statutes: what of them becomes a row."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from publisher.checks.shipped_statutes import EDITIONS, read_shipped_statutes, write_statutes
from publisher.ingest.read_file import read_file
from publisher.workflow.statute_editions import (
    DamagedTextsError,
    NotTextsError,
    contains_texts,
    editions_from_texts,
)
from schemas.definition.file_loader import load_catalogue
from schemas.reference.article_hashes import index_articles
from scripts.statute_editions import shipped_editions
from tests.support.shared_data import require

TEXT = "禁止任何单位和个人在种子生产基地从事检疫性有害生物接种试验。"


def line(law: str, article: str, text: str = TEXT, **more: str) -> dict[str, str]:
    return {
        "law": law,
        "article": article,
        "text": text,
        "version_date": "2021-12-24",
        "category": "经济法",
        **more,
    }


def as_texts(*lines: dict[str, str]) -> bytes:
    return "\n".join(json.dumps(one, ensure_ascii=False) for one in lines).encode()


def test_an_edition_is_a_row_with_the_number_and_the_hashes_of_its_articles() -> None:
    last = "本法自2022年3月1日起施行。"
    texts = as_texts(line("种子法", "第一条"), line("种子法", "第二条", last), line("种子法", "第二条", last))
    (row,) = editions_from_texts(texts)
    assert (row["kind"], row["rank"], row["article_count"]) == ("法律", "国家级", 2)
    assert (row["version"], row["effective"]) == ("2021-12-24", "2022-03-01")
    assert list(index_articles(row["article_hashes"]).articles) == ["第一条", "第二条"]
    assert not any(TEXT[:6] in str(value) for value in row.values())
    assert editions_from_texts(gzip.compress(texts)) == [row]


@pytest.mark.parametrize(
    ("law", "category", "kind", "rank"),
    [
        ("企业信息公示暂行条例", "行政法规", "行政法规", "国家级"),
        ("山东省法律援助条例", "山东地方性法规", "地方性法规", "省级"),
        ("北京市湿地保护条例", "北京地方性法规", "地方性法规", "省级"),
        ("临沂市献血条例", "山东地方性法规", "地方性法规", "设区的市级"),
        ("商丘古城保护条例", "河南地方性法规", "地方性法规", ""),
        ("户口登记规定", "", "", ""),
    ],
)
def test_kind_and_level_are_read_and_not_guessed(law: str, category: str, kind: str, rank: str) -> None:
    (row,) = editions_from_texts(as_texts(line(law, "第一条", category=category)))
    assert (row["kind"], row["rank"]) == (kind, rank)


@pytest.mark.parametrize("day", ["二〇二三年五月一日", "2023年5月1日"])
def test_the_day_of_effect_is_written_in_either_digits(day: str) -> None:
    (row,) = editions_from_texts(as_texts(line("种子法", "第一条", f"本法自{day}起施行。")))
    assert row["effective"] == "2023-05-01"


@pytest.mark.parametrize("day", ["1985年4月1日", "2031年1月1日"])
def test_the_day_of_another_edition_is_not_its_own(day: str) -> None:
    (row,) = editions_from_texts(as_texts(line("种子法", "第一条", f"本法自{day}起施行。")))
    assert row["effective"] == ""


def test_local_regulations_can_do_without_clauses() -> None:
    texts = as_texts(line("山东省种子条例", "第一条", category="山东地方性法规"), line("种子法", "第一条"))
    local, national = sorted(
        (row["article_hashes"] for row in editions_from_texts(texts, hash_clauses_of_local=False)), key=len
    )
    assert (local, "." in national) == (national.partition(".")[0], True)


def test_a_list_is_told_from_texts_and_a_broken_line_is_named() -> None:
    assert contains_texts(as_texts(line("种子法", "第一条")))
    assert not contains_texts("名称,版本日期\n种子法,2021-12-24\n".encode())
    assert not contains_texts(b"")
    with pytest.raises(NotTextsError, match="2"):
        editions_from_texts(as_texts(line("种子法", "第一条"), {"law": "种子法"}))
    with pytest.raises(NotTextsError, match="1"):
        editions_from_texts(as_texts({**line("种子法", "第一条"), "version_date": "2021年"}))


@pytest.mark.slow
def test_the_list_that_ships_can_be_imported_as_it_is() -> None:
    reading = read_file(read_shipped_statutes(), name="statutes.csv", catalogue=load_catalogue("statutes"))
    assert reading.findings == ()
    rows: list[Any] = [record.content for record in reading.records]
    assert len(rows) == 3889
    assert sum("article_hashes" in row for row in rows) == 3308
    assert sum(row.get("article_count", 0) for row in rows if row.get("rank") == "国家级") == 64_430
    counts = {
        len(index_articles(row["article_hashes"]).articles) == row["article_count"] for row in rows[-50:]
    }
    assert counts == {True}


@pytest.mark.shared
@pytest.mark.soak  # hashes 147,283 articles
def test_the_script_writes_the_file_that_ships() -> None:
    texts = require("laws", "articles.jsonl.gz").read_bytes()
    assert write_statutes(shipped_editions(texts)) == gzip.decompress(EDITIONS.read_bytes())


def test_texts_in_gbk_are_damaged() -> None:
    with pytest.raises(DamagedTextsError):
        contains_texts('{"law": "种子法"}'.encode("gbk"))
