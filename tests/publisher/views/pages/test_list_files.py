"""The list of a page as a file: the rows, the order and the columns that the page shows."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from publisher.log.log import Log
from publisher.views.exports.formats import FILE_FORMATS
from schemas.definition.file_loader import load_catalogue
from tests.publisher.views.pages.conftest import Open
from tests.support.clock import Clock
from tests.support.log import catalogue, field
from tests.support.problems import assert_problem
from tests.support.site import BASE, FEES, PLAIN, START, Site, demo_dataset, opened, publish, ticking_clock

HOME = f"/datasets/{FEES}"


def read_csv(site: Site, address: str) -> list[list[str]]:
    answer = site.client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.content[:3] == b"\xef\xbb\xbf"
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("query", "titles", "columns"),
    [
        ("department=市自然资源局&fields=management", ["不动产登记费"], ["收费项目", "资金管理方式"]),
        ("sort=-name&as_of=2015-06-01&fields=department", None, ["收费项目", "部门"]),
        ("management=缴入地方国库&release=1", ["城镇垃圾处理费", "药品注册费"], None),
        ("management=缴入地方国库&release=1&limit=1", ["城镇垃圾处理费", "药品注册费"], None),
    ],
)
def test_a_filtered_page_is_downloaded_as_it_is_seen(
    site: Site, visit: Open, query: str, titles: list[str] | None, columns: list[str] | None
) -> None:
    page = visit(f"{HOME}?{query}")
    links = [link for link in page.links if "/records.csv" in link]
    assert len(links) == 1
    head, *rows = read_csv(site, links[0])
    if titles is not None:
        assert [row[0] for row in rows] == titles
    else:
        shown = [a["href"] for a in page.all("a") if f"{HOME}/records/" in a.get("href", "")]
        pinned = [row[-1].removeprefix(BASE).partition("?")[0] for row in rows]
        assert [link.partition("?")[0] for link in shown] == pinned
    if columns is not None:
        assert head == [*columns, "固定地址"]
    else:
        assert all(f">{title}</a>" in page.answer.text for title in head[:-1])
    for row in rows:
        assert all(cell in page.answer.text or "limit=1" in query for cell in row[:-1]), row
        assert site.client.get(row[-1].removeprefix(BASE)).status_code == 200


def test_the_workbook_has_the_same_cells_and_the_language_of_the_page(site: Site) -> None:
    query = "management=缴入地方国库&release=1&lang=en"
    rows = read_csv(site, f"{HOME}/records.csv?{query}")
    workbook = site.client.get(f"{HOME}/records.xlsx?{query}")
    sheet = openpyxl.load_workbook(io.BytesIO(workbook.content)).active
    assert [[cell or "" for cell in row] for row in sheet.values] == rows
    assert rows[0][-1] == "Pinned address"
    assert workbook.headers["content-disposition"].startswith("attachment")


def test_an_unfiltered_page_offers_whole_files_only_and_the_workbook_first(site: Site, visit: Open) -> None:
    assert not [link for link in visit(HOME).links if "/records.csv" in link]
    for address in (HOME, f"{HOME}/releases/1"):
        links = [a.get("href", "") for a in visit(address).all("a")]
        files = [link.rpartition("/")[2] for link in links if "/files/" in link]
        assert files[:2] == ["xlsx", "csv"], address
        assert len(files) == len(FILE_FORMATS)


@pytest.mark.parametrize(
    "address", [HOME, f"{HOME}?department=市自然资源局", f"{HOME}/releases/2", f"{HOME}/compare?from=1&to=2"]
)
def test_beside_every_csv_stands_what_a_spreadsheet_does_to_it(visit: Open, address: str) -> None:
    page = visit(address)
    assert '<code translate="no">(1)</code>会变成 <code translate="no">-1</code>' in page.answer.text
    assert "请改用 XLSX" in page.text


def content_of_later(log: Log, clock: Clock) -> None:
    """Publish a removal some months before it takes effect, and wait until it has."""
    fees = load_catalogue("fees")
    log.datasets.create(demo_dataset(FEES), fees)
    publish(log, FEES, PLAIN, date(2015, 1, 1), "")
    clock.advance(days=30)
    publish(log, FEES, PLAIN[:3], date(2016, 6, 1), "")
    clock.advance(days=365)


@pytest.mark.slow
def test_an_instant_alone_is_also_the_day_of_every_page_and_file(tmp_path: Path) -> None:
    with opened(tmp_path, Site, content=content_of_later, clock=ticking_clock(START)) as site:
        instant = "known_at=2016-03-01T00:00:00Z"
        address = f"/v1/search?q=价格鉴证业务收费&{instant}"
        assert [hit["status"] for hit in site.client.get(address).json()["hits"]] == ["current"]
        head, *rows = read_csv(site, f"/search.csv?q=价格鉴证业务收费&{instant}")
        assert [row[-1] for row in rows] == ["现行有效"], head
        for page in ("/", HOME):
            text = site.client.get(f"{page}?{instant}", headers={"accept": "text/html"}).text
            assert 'datetime="2015-01-01"' in text
            assert 'datetime="2016-06-01"' not in text.partition("历次发布")[0], page


def content_with_numbers(log: Log, _clock: Clock) -> None:
    fields = (field("balance", "余额", "number"),)
    log.datasets.create(demo_dataset(FEES), catalogue(fields=fields))
    for day, number in ((date(2015, 1, 1), "-4.25"), (date(2015, 6, 1), "-5.50")):
        publish(log, FEES, [{"name": "甲费", "standard": "-5", "balance": number}], day, "")


@pytest.mark.slow
def test_a_number_is_a_number_and_a_text_a_text_in_every_file_of_a_list(tmp_path: Path) -> None:
    with opened(tmp_path, Site, content=content_with_numbers, clock=ticking_clock(START)) as site:
        head, row = read_csv(site, f"{HOME}/records.csv?fields=standard,balance")
        assert dict(zip(head, row, strict=True)) | {"固定地址": ""} == {
            "名称": "甲费",
            "标准": "'-5",
            "余额": "-5.50",
            "固定地址": "",
        }
        change = next(row for row in read_csv(site, "/changes.csv?kind=changed") if "余额" in row)
        assert {"-4.25", "-5.50"} <= set(change)
        workbook = site.client.get(f"{HOME}/records.xlsx?fields=standard,balance")
        assert [*openpyxl.load_workbook(io.BytesIO(workbook.content)).active.values][1][:3] == (
            "甲费",
            "-5",
            "-5.50",
        )


def test_a_file_that_is_unchanged_is_304_and_a_mistake_is_named(site: Site) -> None:
    address = f"{HOME}/records.csv?department=市自然资源局"
    first = site.client.get(address)
    assert site.client.get(address, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert_problem(site.client.get(f"{HOME}/records.csv?depatment=1"), "invalid-parameters")
    assert_problem(site.client.get("/datasets/none/records.csv"), "no-such-dataset")


def test_the_file_of_a_pinned_page_is_pinned_also_on_a_past_day(site: Site, visit: Open) -> None:
    query = "management=缴入地方国库&release=1"
    pinned, dated = (visit(f"{HOME}?{query}{day}") for day in ("", "&as_of=2015-06-01"))
    (address,) = dated.leading_to("/records.csv")
    assert read_csv(site, address) == read_csv(site, pinned.leading_to("/records.csv")[0])


def test_results_in_a_release_are_those_of_the_release_on_the_page_and_in_the_file(
    site: Site, visit: Open
) -> None:
    page = visit(f"/search?q=药品注册费&dataset={FEES}&release=1")  # withdrawn since
    (hit,) = [link for link in page.links if f"{HOME}/records/" in link]
    assert "缴入地方国库" in visit(hit).text
    (address,) = page.leading_to("/search.csv")
    _, (_, title, *_, release, pinned, status) = read_csv(site, address)
    assert (title, release, status) == ("药品注册费", "1", "现行有效")
    assert pinned == f"{BASE}{hit}"
    (follow,) = page.leading_to("/follow?feed=")
    assert visit(follow).status == 200
