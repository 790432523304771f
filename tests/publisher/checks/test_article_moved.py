"""The check ``article-moved``, on made statutes and on the workbooks of departments."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from publisher.checks.article_moved import ArticleMoved
from publisher.checks.check import CheckedRecord
from publisher.checks.evaluate import measure
from publisher.checks.known_statutes import statute_key
from publisher.ingest.findings.kind import Finding
from schemas.definition.file_loader import load_catalogue
from schemas.reference.article_hashes import encode_articles
from tests.publisher.checks.knowledge import KnownStatutes
from tests.support.shared_data import require

STATUTES, POWER_LIST = load_catalogue("statutes"), load_catalogue("power-list")
SALE = (
    "销售的种子应当加工、分级、包装。大包装或者进口种子可以分装；实行分装的，应当标注分装单位，"
    "并对种子质量负责。"
)
BAN = "禁止任何单位和个人在种子生产基地从事检疫性有害生物接种试验。"
QUALITY = "禁止生产经营假种子和劣种子。农业主管部门和有关部门依法打击违法行为，维护公平竞争的市场秩序。"


def edition(version: str, *texts: str, **more: str) -> dict[str, Any]:
    numbers = ("第一条", "第二条", "第三条", "第四条")
    hashes = encode_articles(zip(numbers, texts, strict=False))
    return {"title": "种子法", "version": version, "article_hashes": hashes, **more}


OLD = edition("2015-11-04", "目的", SALE, BAN, QUALITY)
NEW = edition("2021-12-24", "目的", BAN, SALE, QUALITY, effective="2022-03-01")


def check(basis: str, *rows: dict[str, Any], on: date = date(2025, 1, 1)) -> list[Finding]:
    record = CheckedRecord("list", "r1", "own", POWER_LIST, {"name": "甲", "basis": basis})
    return list(ArticleMoved().find_findings(record, KnownStatutes(ArticleMoved, rows), on))


def basis(article: str, text: str, note: str = "（2015年11月4日修订）") -> str:
    return f"【法律】《中华人民共和国种子法》{note}\n{article}：{text}\n【规章】《种子管理办法》第二条"


def test_a_quotation_that_stands_elsewhere_is_found_with_both_places_cited() -> None:
    text = basis("第二条", SALE)
    (finding,) = check(text, OLD, NEW)
    assert (finding.code, finding.severity, finding.rule) == ("article-moved", "fact", "moved")
    assert finding.message_zh == "引文仍列为《种子法》第二条，在2021-12-24的版本中是第三条"
    cites = {cite.role: cite for cite in finding.cites}
    assert (cites["article"].text, cites["quotation"].text) == ("第二条", SALE)
    assert text[cites["quotation"].start : cites["quotation"].end] == SALE
    newer = cites["newer"]
    assert (newer.record, newer.field, newer.text) == ("s1", "article_hashes", "第三条")
    assert str(NEW["article_hashes"])[newer.start : newer.end] == "第三条"


def test_an_edition_counts_from_the_day_on_which_it_takes_effect() -> None:
    assert check(basis("第二条", SALE), OLD, NEW, on=date(2022, 2, 28)) == []
    assert len(check(basis("第二条", SALE), OLD, NEW, on=date(2022, 3, 1))) == 1


def test_a_basis_of_a_newer_edition_than_is_known_is_not_compared() -> None:
    assert check(basis("第三条", SALE, "（2021年12月24日修正）"), OLD) == []
    assert check(basis("第二条", SALE, "（2022年3月1日起施行）"), NEW) != []


def test_a_basis_without_its_edition_is_only_to_be_looked_at() -> None:
    (finding,) = check(basis("第二条", SALE, ""), NEW)
    assert (finding.severity, finding.rule) == ("look", "moved-undated")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (SALE.replace("标注分装单位", "标明分装的单位"), "moved-in-part"),
        (f"{SALE[:40]}……", "moved"),
        ("大包装或者进口种子可以分装；应当标注分装单位", "moved"),
    ],
)
def test_changed_words_and_a_part_of_the_article_are_found(text: str, rule: str) -> None:
    (finding,) = check(basis("第二条", text), NEW)
    assert (finding.rule, finding.severity) == (rule, {"moved": "fact", "moved-in-part": "likely"}[rule])


@pytest.mark.parametrize(
    "text",
    [
        basis("第三条", SALE),
        basis("第3条", SALE),
        basis("第二条", "国务院农业主管部门负责全国种子工作的监督管理。"),
        basis("第二条", "实行分装的，应当标注分装单位"),  # one clause that is long enough
        basis("第二条、第三条", SALE),
        f"【法律】《水法》\n第六条：依照《种子法》第二条：{SALE}",
    ],
)
def test_the_same_number_another_text_one_clause_and_a_mention_are_not(text: str) -> None:
    assert check(text, NEW) == []


def test_a_text_that_stands_in_two_articles_proves_nothing() -> None:
    assert check(basis("第二条", SALE), edition("2021-12-24", "目的", BAN, SALE, SALE)) == []


def test_quotations_of_one_statute_are_one_finding_of_the_least_severity() -> None:
    quality = QUALITY.replace("维护", "保障")
    text = f"【法律】《种子法》（2015年11月4日修订）\n第二条：{SALE}\n第三条：{BAN}\n第一条：{quality}"
    (finding,) = check(text, NEW)
    assert [cite.text for cite in finding.cites if cite.role.startswith(("article", "newer"))] == [
        *("第二条", "第三条", "第三条", "第二条", "第一条", "第四条"),
    ]
    assert finding.severity == "likely"


def test_rows_of_repeals_and_editions_without_hashes_are_not_read() -> None:
    assert list(ArticleMoved.needs["statutes"]({"title": "种子法", "repealed_on": "2022-01-01"})) == []
    assert list(ArticleMoved.needs["statutes"](NEW)) == [statute_key("种子法")]


@pytest.mark.shared
@pytest.mark.slow  # 14 workbooks
def test_real_workbooks_quotations_under_another_number_are_found_and_no_other() -> None:
    """Labelled with the texts at hand, which the hashes only stand for; then read one by one."""
    labels = Path(__file__).parent / "labels_article_moved.tsv"
    measures = measure("article-moved", labels, require("power-list-karamay"))
    assert measures.wrong == ()
    published = ArticleMoved.labelled_set
    assert published is not None
    assert (published.positives, published.negatives) == (measures.positives, measures.negatives)
    assert (published.precision, published.recall) == (f"{measures.precision:.2f}", f"{measures.recall:.2f}")
