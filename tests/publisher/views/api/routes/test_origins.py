"""Explain this row: where a revision was read, its neighbours, its rules, and its proof of publication."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from aics_tlog import tree as foreign_tree

from publisher.log.log import Log
from publisher.log.model import DraftEntry
from publisher.workflow.import_files import InputFile, import_files
from schemas.definition.catalogue import Catalogue, Content
from schemas.definition.file_loader import load_catalogue
from tests.publisher.views.pages.conftest import BROWSER, Page
from tests.support.clock import Clock
from tests.support.log import catalogue, field
from tests.support.problems import assert_problem
from tests.support.site import (
    BASE,
    FEES,
    PLAIN,
    START,
    Site,
    demo_dataset,
    four_releases,
    opened,
    publish,
    ticking_clock,
)

pytestmark = pytest.mark.both_databases


@pytest.fixture
def site(tmp_path: Path, database: str) -> Iterator[Site]:
    with four_releases(tmp_path, database=database) as site:
        site.log.keys.create()
        yield site


def address(site: Site, record: str, query: str = "") -> str:
    home = f"/v1/datasets/{FEES}/records/{record}"
    return f"{home}/revisions/{site.client.get(home + query).json()['revision']['hash']}"


def path_of(encoded: str) -> list[bytes]:
    hashes = base64.b64decode(encoded)
    return [hashes[n : n + 32] for n in range(0, len(hashes), 32)]


def test_one_address_leads_from_the_cell_to_the_signed_root(site: Site) -> None:
    record = site.record("不动产登记费")
    origin = site.client.get(address(site, record, "?release=1")).json()
    assert (origin["release"], origin["typed"], origin["parser_version"]) == (1, False, "1")
    source = site.log.evidence.source_bytes(origin["source"]["digest"])
    assert hashlib.sha256(source).hexdigest() == origin["source"]["digest"]
    assert [(row["rows"], row["own"], row["texts"]["name"]) for row in origin["neighbourhood"]] == [
        ([2], False, " 城镇垃圾处理费"),
        ([3], True, " 不动产登记费"),
        ([4], False, " 药品注册费"),
        ([5], False, " 价格鉴证业务收费"),
    ]
    assert origin["neighbourhood"][1]["cells"] == {"name": "A3"}
    (reading,) = origin["readings"]
    assert (reading["original"], [rule["code"] for rule in reading["rules"]]) == (" 不动产登记费", ["width"])

    salt = bytes.fromhex(origin["revision"]["salt"])
    assert hashlib.sha256(salt + rfc8785.dumps(origin["content"])).hexdigest() == origin["revision"]["hash"]
    place = [origin["source"]["digest"], origin["locator"], origin["originals"], origin["source_text"]]
    assert hashlib.sha256(salt + rfc8785.dumps(place)).hexdigest() == origin["commitment"]
    line = json.loads(origin["manifest_line"])
    assert (line["revision"], line["provenance"]) == (origin["revision"]["hash"], origin["commitment"])
    manifest = site.client.get(origin["links"]["manifest"].removeprefix(BASE)).text
    assert origin["manifest_line"] in manifest
    document = site.client.get(origin["links"]["document"].removeprefix(BASE))
    assert document.json()["manifest"] == hashlib.sha256(manifest.encode()).hexdigest()
    entry = origin["entry"]
    assert entry["digest"] == hashlib.sha256(document.content).hexdigest()
    assert foreign_tree.verify_inclusion(
        bytes.fromhex(entry["leaf"]),
        entry["position"],
        entry["size"],
        path_of(entry["hashes"]),
        bytes.fromhex(entry["root"]),
    )
    assert base64.b64encode(bytes.fromhex(entry["root"])).decode() in entry["checkpoint"]


def test_the_page_shows_the_same(site: Site) -> None:
    record = site.record("不动产登记费")
    path = address(site, record, "?release=1").removeprefix("/v1")
    page = Page(site.client.get(path, headers=BROWSER))
    for text in ("来历与存证", "本条目", "城镇垃圾处理费", "A3", "识读规则", "已签名"):
        assert text in page.text
    record_page = Page(site.client.get(f"/datasets/{FEES}/records/{record}?release=1", headers=BROWSER))
    assert path in record_page.links


def test_what_a_correction_typed_has_no_place_in_a_file(site: Site) -> None:
    origin = site.client.get(address(site, site.record("不动产登记费"))).json()
    assert (origin["typed"], origin["release"], origin["readings"]) == (True, 3, [])
    assert origin["neighbourhood"] == []


def test_what_a_renaming_typed_has_no_place_in_a_file(site: Site) -> None:
    record = site.record("不动产登记费")
    content = {**site.log.queries.record(FEES, record).content, "name": "不动产登记收费"}
    day = site.log.queries.releases(FEES)[-1].effective_on
    site.log.releases.rename(FEES, record, content, effective_on=day, reason="更名")
    origin = site.client.get(address(site, record)).json()
    assert (origin["content"]["name"], origin["typed"], origin["readings"]) == ("不动产登记收费", True, [])
    assert origin["neighbourhood"] == []


def test_an_erased_revision_is_gone_and_its_neighbours_do_not_show_it(site: Site) -> None:
    erased, other = site.record("城镇垃圾处理费"), site.record("不动产登记费")
    addresses = [address(site, erased, "?release=1"), address(site, erased)]
    neighbour = address(site, other, "?release=1")
    before = site.client.get(neighbour)
    site.log.releases.erase(records=[(FEES, erased)], ground="（2026）法民初1号")
    for one in addresses:
        body = assert_problem(site.client.get(one), "erased")
        assert body["tombstone"]["reason"] == "（2026）法民初1号"
        page = site.client.get(one.removeprefix("/v1"), headers=BROWSER)
        assert (page.status_code, "（2026）法民初1号" in page.text) == (410, True)
    after = site.client.get(neighbour)
    assert erased in before.text
    assert erased not in after.text
    assert before.headers["etag"] != after.headers["etag"]


def test_the_publication_of_another_dataset_does_not_change_the_tag(site: Site) -> None:
    one = address(site, site.record("城镇垃圾处理费"), "?release=1")
    tag = site.client.get(one).headers["etag"]
    contents: list[Content] = [PLAIN[0]]
    publish(site.log, "empty-fees", contents, date(2016, 3, 2), "示财〔2016〕3号")
    assert site.client.get(one).headers["etag"] == tag


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["0" * 64, "x", "A" * 64])
def test_an_unknown_revision_is_not_found(site: Site, revision: str) -> None:
    record = site.record("城镇垃圾处理费")
    answer = site.client.get(f"/v1/datasets/{FEES}/records/{record}/revisions/{revision}")
    assert_problem(answer, "no-such-revision")
    other = address(site, record).rpartition("/")[2]
    answer = site.client.get(f"/v1/datasets/{FEES}/records/{site.record('不动产登记费')}/revisions/{other}")
    assert_problem(answer, "no-such-revision")


TABLE = """权力类型,事项名称,行使主体,法定办结时限,录入人
行政许可,危险品　许可,市应急局,20日,王小明
同上,烟花许可,同上,１０个工作日,李小红
行政处罚,"超载
处罚",市交通局,30日,王小明
"""


@pytest.mark.slow
def test_the_rules_are_named_and_personal_columns_are_nowhere(tmp_path: Path, database: str) -> None:
    def fill(log: Log, _clock: Clock) -> None:
        log.datasets.create(demo_dataset(FEES, catalogue="power-list"), load_catalogue("power-list"))
        import_files(log, FEES, [InputFile("权责清单.csv", TABLE.encode())])
        log.releases.publish(FEES, effective_on=date(2016, 1, 1), without_errors=True)

    clock = ticking_clock(datetime(2016, 1, 4, 1, tzinfo=UTC))
    with opened(tmp_path, Site, content=fill, clock=clock, QINGDAN_DATABASE=database) as site:
        by_field: dict[str, Any] = {}
        records = site.client.get(f"/v1/datasets/{FEES}/records").json()["records"]
        for title, record in ((one["title"], one["id"]) for one in records):
            answer = site.client.get(address(site, record))
            assert "王小明" not in answer.text
            assert "李小红" not in answer.text
            origin = answer.json()
            assert len(origin["neighbourhood"]) == 3
            for reading in origin["readings"]:
                by_field[f"{title} {reading['field']}"] = [rule["code"] for rule in reading["rules"]]
        assert by_field == {
            "危险品 许可 name": ["width"],
            "危险品 许可 statutory_limit": ["typed", "working-days"],
            "烟花许可 power_type": ["ditto"],
            "烟花许可 actor": ["ditto"],
            "烟花许可 statutory_limit": ["width", "typed"],
            "超载处罚 name": ["lines"],
            "超载处罚 statutory_limit": ["typed"],
        }


@contextmanager
def migrated(
    tmp_path: Path, to: Catalogue, names: Sequence[str] = "甲乙丙", *, removed: int = 0
) -> Iterator[tuple[Site, dict[str, str]]]:
    """Open a site whose dataset has migrated, with the addresses of the first record's revisions.

    ``removed``: number of the first names that a second list lacks.
    """

    def fill(log: Log, _: Clock) -> None:
        own = catalogue(fields=(field("gone", "已去字段", "integer"),))
        log.datasets.create(demo_dataset("fees", catalogue=own.name), own)
        source = log.evidence.put_source(b"x", name="收费.csv", media_type="text/csv")
        rows = [
            DraftEntry(
                {"name": name, "gone": row},
                source_text=name,
                locator={"sheet": "收费", "rows": [row], "cells": {"name": f"A{row}", "gone": f"B{row}"}},
            )
            for row, name in enumerate(names, start=2)
        ]
        for day, own_rows in ((date(2015, 1, 1), rows), (date(2015, 2, 1), rows[removed:])):
            log.drafts.stage("fees", own_rows, part=None, source=source, parser_version="1")
            log.releases.publish("fees", effective_on=day)
        log.releases.migrate("fees", to, effective_on=date(2016, 1, 1))

    with opened(tmp_path, Site, content=fill, clock=ticking_clock(START)) as site:
        home = "/v1/datasets/fees/records"
        (record, *_) = site.client.get(f"{home}?release=1").json()["records"]
        own = f"{home}/{record['id']}"
        current = site.client.get(own).json()["revision"]["hash"]
        yield (
            site,
            {
                "current": f"{own}/revisions/{current}",
                "first": f"{own}/revisions/{record['revision']['hash']}",
            },
        )


@pytest.mark.slow
def test_a_neighbour_from_before_a_migration_is_listed_with_its_texts(tmp_path: Path) -> None:
    with migrated(tmp_path, catalogue(), removed=2) as (site, addresses):
        answer = site.client.get(addresses["current"])
        assert answer.status_code == 200
        assert [row["texts"].get("gone") for row in answer.json()["neighbourhood"]] == ["2", "3", None]


@pytest.mark.slow
def test_each_row_is_listed_once_although_a_migration_copied_it(tmp_path: Path) -> None:
    names = [f"项目{number}" for number in range(120)]
    with migrated(tmp_path, catalogue(), names) as (site, addresses):
        for address, gone in ((addresses["first"], ["2", "3", "4"]), (addresses["current"], [None] * 3)):
            rows = site.client.get(address).json()["neighbourhood"]
            assert [row["texts"]["name"] for row in rows] == names[:3]
            assert [row["texts"].get("gone") for row in rows] == gone


@pytest.mark.slow
def test_the_texts_of_a_field_that_became_personal_are_shown_no_more(tmp_path: Path) -> None:
    personal = catalogue(fields=(field("gone", "联系人", "integer", personal=True),))
    with migrated(tmp_path, personal) as (site, addresses):
        for address in addresses.values():
            answer = site.client.get(address)
            assert {tuple(row["texts"]) for row in answer.json()["neighbourhood"]} == {("name",)}
            page = site.client.get(address.removeprefix("/v1"), headers={"accept": "text/html"})
            assert "甲" in page.text
            assert "联系人" not in page.text


@pytest.mark.slow
@pytest.mark.parametrize("query", ["", "?release=1"])
def test_the_original_text_of_a_field_that_became_personal_is_shown_no_more(
    tmp_path: Path, database: str, query: str
) -> None:
    def fill(log: Log, _: Clock) -> None:
        own = catalogue(fields=(field("zone", "电话"),))
        log.datasets.create(demo_dataset("fees", catalogue=own.name), own)
        source = log.evidence.put_source(b"x", name="收费.csv", media_type="text/csv")
        place = {"cells": {"name": "A2", "zone": "B2"}}
        mended = {"B2": {"read": "原件-138", "written": "１３８-原文"}, "A2": {"read": "假", "written": "甲"}}
        rows = [
            DraftEntry(
                {"name": "甲", "zone": "13800000000"},
                source_text="甲",
                locator={"rows": [2], **place, "mended": mended},
                originals={"name": " 甲", "zone": "１３８-原文"},
            ),
            DraftEntry(  # a text without a value
                {"name": "乙"},
                source_text="乙",
                locator={"rows": [3], "cells": {"name": "A3"}},
                originals={"name": " 乙", "zone": "１３８-原文"},
            ),
        ]
        log.drafts.stage("fees", rows, part=None, source=source, parser_version="1")
        log.releases.publish("fees", effective_on=date(2015, 1, 1))
        log.releases.migrate(
            "fees",
            catalogue(fields=(field("zone", "电话", personal=True),)),
            effective_on=date(2015, 6, 1),
        )
        assert log.integrity.verify().problems == ()

    with opened(tmp_path, Site, content=fill, clock=ticking_clock(START), QINGDAN_DATABASE=database) as site:
        records = site.client.get("/v1/datasets/fees/records?release=1").json()["records"]
        for record in records:
            home = f"/v1/datasets/fees/records/{record['id']}"
            own = site.client.get(home + query).json()
            origin = site.client.get(f"{home}/revisions/{own['revision']['hash']}").json()
            for answer in (own, origin):
                assert answer["originals"] == {"name": f" {record['title']}"}
                assert "zone" not in answer["locator"]["cells"]
                assert "B2" not in answer["locator"].get("mended", {})
            assert "原文" not in json.dumps(origin, ensure_ascii=False)
            if not query:
                assert "zone" not in own["content"]
                place = [
                    origin["source"]["digest"],
                    origin["locator"],
                    origin["originals"],
                    origin["source_text"],
                ]
                salted = bytes.fromhex(origin["revision"]["salt"]) + rfc8785.dumps(place)
                assert hashlib.sha256(salted).hexdigest() == origin["commitment"]
