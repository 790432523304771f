"""Comparison over HTTP: JSON, CSV and a workbook, and requests that are refused with the reason."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import jsonpatch
import openpyxl
import pytest

from publisher.log.log import Log
from publisher.log.model import Part
from schemas.definition import file_loader as catalogues
from tests.support.clock import Clock
from tests.support.problems import assert_problem
from tests.support.site import FEES, PLAIN, START, Site, demo_dataset, opened, publish, ticking_clock

pytestmark = pytest.mark.both_databases

HOME = f"/v1/datasets/{FEES}"


def fetch_comparison(client: httpx.Client, query: str) -> dict[str, Any]:
    answer = client.get(f"{HOME}/compare?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def fetch_contents(client: httpx.Client, query: str) -> dict[str, Any]:
    records = client.get(f"{HOME}/records?limit=100&{query}").json()["records"]
    return {record["id"]: record["content"] for record in records}


def test_two_releases_are_compared_field_by_field(client: httpx.Client) -> None:
    comparison = fetch_comparison(client, "from=1&to=2")
    assert comparison["totals"] == {
        "added": 1,
        "changed": 1,
        "renamed": 0,
        "removed": 1,
        "withdrawn": 0,
        "erased": 0,
    }
    assert (comparison["from"]["records"], comparison["to"]["records"], comparison["unchanged"]) == (4, 4, 2)
    (changed,) = (d for d in comparison["differences"] if d["kind"] == "changed")
    (field,) = changed["fields"]
    assert (field["title"], field["before"], field["after"]) == (
        "资金管理方式",
        "缴入地方国库",
        "缴入财政专户",
    )
    assert [(p["op"], p["text"]) for p in field["text"]] == [
        ("equal", "缴入"),
        ("delete", "地方国库"),
        ("insert", "财政专户"),
    ]
    assert changed["steps"][0]["basis"] == "示财〔2015〕2号"


@pytest.mark.parametrize(
    "sides", [("release=1", "release=2"), ("release=1", "release=4"), ("as_of=2015-06-01", "")]
)
def test_all_patches_joined_turn_one_list_into_the_other(
    client: httpx.Client, sides: tuple[str, str]
) -> None:
    query = "&".join(f"{n}={s.partition('=')[2]}" for n, s in zip(("from", "to"), sides, strict=True) if s)
    operations: list[Any] = []
    address: str | None = f"{HOME}/compare?limit=1&{query}"
    while address:
        page = client.get(address.removeprefix("https://data.example.gov.cn")).json()
        operations += [operation for d in page["differences"] for operation in d["patch"]]
        address = page["links"]["next"]
    before, after = (fetch_contents(client, side) for side in sides)
    assert jsonpatch.apply_patch(before, operations) == after


def test_a_correction_and_a_withdrawal_come_with_their_reason(client: httpx.Client) -> None:
    differences = {d["title"]: d for d in fetch_comparison(client, "from=2")["differences"]}
    corrected, withdrawn = differences["不动产登记费"], differences["药品注册费"]
    assert [(s["kind"], s["reason"]) for s in corrected["steps"]] == [("corrected", "更正：资金管理方式有误")]
    assert (withdrawn["kind"], withdrawn["steps"][-1]["reason"], withdrawn["after"]) == (
        "withdrawn",
        "重复登记",
        None,
    )


def test_a_day_compared_with_itself_has_no_differences(client: httpx.Client) -> None:
    comparison = fetch_comparison(client, "from=2015-06-01&to=2015-06-01")
    assert comparison["differences"] == []
    assert sum(comparison["totals"].values()) == 0


def test_only_the_requested_kinds_are_listed_and_totals_stay_complete(client: httpx.Client) -> None:
    comparison = fetch_comparison(client, "from=1&to=2&kind=added&kind=removed")
    assert {d["kind"] for d in comparison["differences"]} == {"added", "removed"}
    assert comparison["totals"]["changed"] == 1


def test_two_days_may_be_compared_as_known_at_an_instant(client: httpx.Client) -> None:
    days = "from=2015-06-01&to=2015-12-31"
    instant = client.get(f"{HOME}/releases/1").json()["published_at"]
    comparison = fetch_comparison(client, f"{days}&known_at={instant}")
    assert sum(comparison["totals"].values()) == 0
    assert [comparison[side]["known_at"] for side in ("from", "to")] == [instant, instant]
    of_today = fetch_comparison(client, f"from=2015-06-01&known_at={instant}")["to"]
    assert (of_today["known_at"], bool(of_today["as_of"])) == (instant, True)
    workbook = client.get(f"{HOME}/compare.xlsx?{days}&known_at={instant}")
    sheet = openpyxl.load_workbook(io.BytesIO(workbook.content))["说明"]
    stated = f"截至{datetime.fromisoformat(instant):%Y%m%dT%H%M%SZ}"
    assert dict(sheet.iter_rows(max_col=2, values_only=True))["原版本"] == f"2015-06-01 {stated}"
    assert unquote(workbook.headers["content-disposition"]).count(stated) == 2
    assert sum(fetch_comparison(client, days)["totals"].values()) > 0


@pytest.mark.parametrize(
    ("query", "parameter", "word"),
    [
        ("", "from", "from"),
        ("from=2&to=1", "to", "对调"),
        ("from=2015-12-01&to=2015-01-01", "to", "对调"),
        ("from=2999-01-01", "to", "默认为今天"),
        ("from=1&to=2&known_at=2016-01-05T00:00:00Z", "known_at", "编号"),
        ("from=1&as_of=2015-01-01", "as_of", "from"),
        ("from=1&release=2", "release", "from"),
        ("from=2015-01-01&known_at=2999-01-01T00:00:00Z", "known_at", "尚未到来"),
        ("from=2999-01-01T00:00:00Z", "known_at", "尚未到来"),
        ("from=yesterday", "from", "编号"),
        ("from=1&kind=chnged", "kind", "changed"),
        ("from=1&form=1", "form", "from"),
    ],
)
def test_an_invalid_comparison_is_refused_with_the_reason(
    client: httpx.Client, query: str, parameter: str, word: str
) -> None:
    body = assert_problem(client.get(f"{HOME}/compare?{query}"), "invalid-parameters")
    (fault,) = (f for f in body["errors"] if f["parameter"] == parameter)
    assert word in fault["detail"]


def test_a_release_that_is_not_there_is_named(client: httpx.Client) -> None:
    assert_problem(client.get(f"{HOME}/compare?from=1&to=99"), "no-such-release")


def test_the_table_opens_in_a_spreadsheet_with_chinese_headings(client: httpx.Client) -> None:
    answer = client.get(f"{HOME}/compare.csv?from=1&to=2")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "filename*=UTF-8''" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["变化", "编号", "名称"]
    (changed,) = (row for row in rows if row[0] == "调整")
    assert changed[4:8] == ["资金管理方式", "缴入地方国库", "缴入财政专户", "2"]
    english = client.get(f"{HOME}/compare.csv?from=1&to=2&headers=en").content.decode("utf-8-sig")
    assert english.startswith("kind,record,title,part,field,before,after")


def test_the_workbook_strikes_out_what_went_and_colours_what_came(client: httpx.Client) -> None:
    answer = client.get(f"{HOME}/compare.xlsx?from=1&to=2")
    book = openpyxl.load_workbook(io.BytesIO(answer.content), rich_text=True)
    assert book.sheetnames == ["说明", "比较"]
    facts = {row[0].value: row[1].value for row in book["说明"].iter_rows(max_col=2)}
    assert (facts["新增"], facts["移出清单"], facts["许可"]) == (1, 1, "CC0-1.0")
    sheet = book["比较"]
    headings = [str(cell.value) for cell in sheet[1]]
    column = headings.index("资金管理方式") + 1
    (row,) = (r for r in range(2, sheet.max_row + 1) if str(sheet.cell(r, 1).value) == "调整")
    rich = sheet.cell(row, column).value
    struck = [run.text for run in rich if getattr(run, "font", None) and run.font.strike]
    assert struck == ["地方国库"]
    assert str(rich) == "缴入地方国库财政专户"
    fills = {
        str(sheet.cell(r, 1).value): sheet.cell(r, 1).fill.fgColor.rgb for r in range(2, sheet.max_row + 1)
    }
    assert fills["新增"] != fills["移出清单"]


def test_no_cell_of_either_file_is_a_formula(client: httpx.Client) -> None:
    rows = csv.reader(io.StringIO(client.get(f"{HOME}/compare.csv?from=1").content.decode("utf-8-sig")))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    with zipfile.ZipFile(io.BytesIO(client.get(f"{HOME}/compare.xlsx?from=1").content)) as book:
        sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert sheets
        assert not [name for name in sheets if b"<f>" in book.read(name)]


def test_the_example_data_contain_what_these_tests_use(site: Site) -> None:
    assert [content["name"] for content in PLAIN][3] == "价格鉴证业务收费"
    assert len(site.log.queries.releases(FEES)) == 4


@pytest.mark.slow
def test_renames_are_guessed_among_the_requested_parts_only(tmp_path: Path) -> None:
    def fill(log: Log, _: Clock) -> None:
        parts = (Part("财政局"), Part("民政局"))
        log.datasets.create(demo_dataset("fees", parts=parts), catalogues.load_catalogue("fees"))
        for day, name in (
            (date(2015, 1, 1), "食品流通许可证工本费"),
            (date(2015, 6, 1), "食品经营许可证工本费"),
        ):
            publish(log, "fees", [{"name": name}], day, "示财〔2015〕1号", part="财政局")

    with opened(tmp_path, Site, content=fill, clock=ticking_clock(START)) as site:
        for part, guesses in (("财政局", 1), ("民政局", 0)):
            answer = site.client.get(f"/v1/datasets/fees/compare?from=1&to=2&part={part}").json()
            assert len(answer["likely_renames"]) == guesses, part
