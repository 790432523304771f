"""The sample in an empty home: every planned dataset and every planned kind of change."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import feedparser
import httpx
import pytest
from litestar.testing import TestClient

from publisher import settings
from publisher.app import create_app
from publisher.log.clocks import day_at
from publisher.log.commitments.commitment_query import CommitmentQuery
from publisher.log.findings.finding_query import FindingQuery
from publisher.log.log import Log
from publisher.log.model import Change, RecordQuery, RecordState, View
from publisher.sample import plan, site_folder
from publisher.sample.load import publish_plan
from tests.support.command import QINGDAN
from tests.support.desk import forms
from tests.support.servers.http_service import free_port

BASE = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    counts: list[int] = []
    publish_plan(
        folder, plan.read_plan(), base=BASE, progress=lambda count, _total, _title: counts.append(count)
    )
    assert counts == list(range(1, plan.read_plan().releases + 1))
    return folder


@pytest.fixture(scope="module")
def log(home: Path) -> Iterator[Log]:
    place = settings.read_settings(home, environ={})
    opened = Log.open(place.database, sources=place.sources)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[httpx.Client]:
    with TestClient(create_app(settings.read_settings(home, environ={}))) as connected:
        yield connected


def records(log: Log, dataset: str, **view: object) -> dict[str, RecordState]:
    page = log.queries.records(dataset, RecordQuery(view=View(**view), limit=1000))  # type: ignore[arg-type]  # named by each test
    return {state.title: state for state in page.records}


def change(log: Log, dataset: str, kind: str, title: str, release: int) -> Change:
    changes = log.queries.changes(dataset=dataset, release=release)
    (change,) = (c for c in changes if c.kind == kind and c.title == title)
    return change


def test_every_planned_dataset_is_there_with_its_releases_notice_and_labels(log: Log) -> None:
    datasets = {dataset.name: dataset for dataset in log.datasets.all()}
    for planned in plan.read_plan().dataset:
        assert datasets[planned.name].labels == planned.labels
        assert datasets[planned.name].notice == planned.notice
        assert len(log.queries.releases(planned.name)) == len(planned.step)
    assert len(datasets) == len(plan.read_plan().dataset)


@pytest.mark.parametrize(
    ("dataset", "count"),
    [
        *(("policy-documents", 1), ("national-fees-2009", 14), ("national-fees-2025", 7)),
        *(("shaanxi-fees", 9), ("city-fees-2021", 12), ("shanxi-funds", 10), ("pre-approvals-2017", 31)),
        *(("intermediary-services", 10), ("liaoning-power-items", 9), ("cancelled-items", 11)),
        ("statutes", 3),
    ],
)
def test_a_transcribed_list_holds_as_many_records_as_its_source_has_items(
    log: Log, dataset: str, count: int
) -> None:
    assert len(records(log, dataset)) == count


def test_the_sample_shows_a_finding_without_response_one_accepted_and_one_dismissed(log: Log) -> None:
    found = {one.title: one for one in log.findings.page(FindingQuery()).findings}
    assert {title: found[title].handling for title in ("排污费", "城市房屋拆迁管理费")} == {
        "排污费": "answered",
        "城市房屋拆迁管理费": "dismissed",
    }
    for title in ("进口配额证明补发工本费", "大型户外广告设施设置许可", "最低生活保障金给付"):
        assert found[title].handling == "unanswered"
    assert {"shili-county-fees", "shili-licences", "shili-power-list"} <= {
        one.dataset for one in found.values()
    }
    longer = found["最低生活保障金给付"].finding
    assert longer.message_zh == "“最低生活保障金给付”现列18个工作日，此前列15个工作日"
    assert [one.kind for one in found["排污费"].responses] == ["接受"]


def test_a_cancelled_approval_under_another_name_is_a_finding_and_a_delegated_one_agrees(
    log: Log, client: httpx.Client
) -> None:
    (kept,) = log.findings.page(FindingQuery(codes=("cancelled-still-listed",))).findings
    assert (kept.title, kept.finding.severity) == ("大型户外广告设施设置许可", "likely")
    assert kept.effective_from == date(2024, 3, 15)
    delegated = records(log, "shili-licences")["林木种子生产经营许可"].id
    (agreement,) = log.findings.of_record("shili-licences", delegated)
    assert agreement.finding.rule == "delegated"
    page = client.get(f"/datasets/shili-licences/records/{delegated}").text
    assert "本条列入清单与该决定相符" in page
    assert "待核问题" not in page.partition("<footer")[0]
    other = records(log, "shili-licences")["取水许可"].id
    assert "相符" not in client.get(f"/datasets/shili-licences/records/{other}").text


def test_a_release_is_recorded_on_the_day_of_the_plan_and_not_on_that_of_the_load(log: Log) -> None:
    for dataset in plan.read_plan().dataset:
        days = [day_at(release.published_at) for release in log.queries.releases(dataset.name)]
        assert days == sorted(step.published_on for step in dataset.step)


def test_the_city_has_departments_quarters_and_prices_that_change(log: Log) -> None:
    bodies = {str(state.content["actor"]) for state in records(log, "shili-power-list").values()}
    assert len(bodies) > 10
    quarters = {release.effective_on for release in log.queries.releases("shili-power-list")}
    assert {date(2024, 10, 1), date(2025, 4, 1), date(2025, 10, 1)} <= quarters
    prices = [
        records(log, "shili-fees", as_of=day)["居民生活污水处理费"].content["standard"]
        for day in (date(2024, 2, 1), date(2024, 8, 1), date(2025, 8, 1))
    ]
    assert prices == ["0.85元/立方米", "0.95元/立方米", "1.05元/立方米"]


def test_the_notice_is_one_document_with_its_number_date_and_repaired_reference(log: Log) -> None:
    (notice,) = records(log, "policy-documents").values()
    assert notice.content["number"] == "鞍政发〔2015〕34号"
    assert notice.content["issuer"] == "鞍山市人民政府"
    assert notice.content["date_written"] == "2015-11-05"
    references = notice.content["references"]
    assert isinstance(references, list)
    assert any("辽政发〔2015〕19号" in str(reference) for reference in references)


def test_each_decision_is_a_release_and_what_names_none_is_credited_to_none(log: Log) -> None:
    releases = {r.number: (r.basis, r.effective_on) for r in log.queries.releases("cancelled-items")}
    assert releases == {
        1: ("国发〔2013〕27号", date(2013, 7, 13)),
        2: ("国发〔2013〕44号", date(2013, 11, 8)),
        3: ("国发〔2015〕57号", date(2015, 10, 11)),
        4: ("国发〔2016〕9号", date(2016, 2, 3)),
        5: ("", date(2016, 2, 3)),
    }
    changes = log.queries.changes(dataset="cancelled-items")
    assert {c.kind for c in changes} == {"added"}
    for c in changes:
        number = (c.after or {}).get("decision_number", "")
        assert number == releases[c.release][0]


def test_an_addition_a_shorter_limit_and_a_removal_are_in_the_second_power_list(log: Log) -> None:
    assert change(log, "shili-power-list", "added", "高龄津贴给付", release=2)
    shorter = change(log, "shili-power-list", "changed", "危险化学品经营许可", release=2)
    assert [(f.field, f.before, f.after) for f in shorter.fields] == [
        ("promised_limit", {"unit": "工作日", "value": 20}, {"unit": "工作日", "value": 10})
    ]
    removed = change(log, "shili-power-list", "removed", "统计调查对象年度登记证核发", release=2)
    assert (removed.part, removed.effective_on) == ("统计局", date(2024, 7, 1))


def test_a_correction_holds_from_the_day_of_the_value_that_it_corrects(log: Log) -> None:
    corrected = change(log, "shili-power-list", "corrected", "社会团体成立登记", release=3)
    assert "误录" in corrected.reason
    then = records(log, "shili-power-list", as_of=date(2024, 2, 1))["社会团体成立登记"]
    assert then.content["promised_limit"] == {"unit": "工作日", "value": 20}
    printed = records(log, "shili-power-list", release=1)["社会团体成立登记"]
    assert printed.content["promised_limit"] == {"unit": "工作日", "value": 2}


def test_a_raised_charge_an_addition_and_a_removal_are_in_the_second_fees(log: Log) -> None:
    raised = change(log, "shili-fees", "changed", "居民生活污水处理费", release=2)
    assert [(f.field, f.before, f.after) for f in raised.fields] == [
        ("standard", "0.85元/立方米", "0.95元/立方米"),
        ("amount", {"amount": "0.85", "unit": "元/立方米"}, {"amount": "0.95", "unit": "元/立方米"}),
    ]
    assert change(log, "shili-fees", "added", "城市道路占用挖掘修复费", release=2)
    assert change(log, "shili-fees", "removed", "价格鉴证业务收费", release=2)


def test_a_withdrawal_gives_its_reason_and_answers_gone(log: Log, client: httpx.Client) -> None:
    withdrawn = change(log, "shili-fees", "withdrawn", "遗体整容", release=3)
    assert "误列" in withdrawn.reason
    answer = client.get(f"/v1/datasets/shili-fees/records/{withdrawn.record}")
    assert answer.status_code == 410
    assert "误列" in answer.text


def test_a_document_is_ended_by_a_later_one_from_its_day(log: Log) -> None:
    ended = next(
        state
        for state in records(log, "shili-documents").values()
        if state.content["number"] == "示政发〔2019〕6号"
    )
    assert ended.content["validity"] == "废止"
    assert "示政发〔2024〕2号" in str(ended.content["ended_by"])
    then = records(log, "shili-documents", as_of=date(2024, 2, 29))[ended.title]
    assert "ended_by" not in then.content


def test_the_unchanged_items_of_a_resubmitted_workbook_are_no_changes(log: Log) -> None:
    kinds = [c.kind for c in log.queries.changes(dataset="shili-power-list", release=2)]
    assert sorted(kinds) == ["added", "changed", "changed", "removed"]


def test_the_clerks_name_is_nowhere_in_what_is_served(log: Log, client: httpx.Client) -> None:
    for state in records(log, "shili-power-list").values():
        assert "演示录入员" not in str(state)
    for suffix in ("atom", "rss"):
        assert "演示录入员" not in client.get(f"/feeds/shili-power-list.{suffix}").text


@pytest.mark.slow
def test_all_of_it_verifies_and_can_be_searched(log: Log, client: httpx.Client) -> None:
    assert log.integrity.verify().ok
    page = client.get("/v1/search", params={"q": "危險化學品經營許可"}).json()
    assert "危险化学品经营许可" in {hit["title"]["text"] for hit in page["hits"]}
    assert {"shili-power-list", "pre-approvals-2017"} <= {hit["dataset"] for hit in page["hits"]}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*(d.name for d in plan.read_plan().dataset), "all"])
@pytest.mark.parametrize("suffix", ["atom", "rss"])
def test_every_dataset_has_feeds_that_a_reader_takes(client: httpx.Client, name: str, suffix: str) -> None:
    parsed = feedparser.parse(client.get(f"/feeds/{name}.{suffix}").content)
    assert parsed.bozo is False
    assert parsed.entries


@pytest.mark.server
def test_the_demo_says_what_to_open_serves_it_with_its_desk_and_the_second_time_goes_on_where_it_was(
    tmp_path: Path,
) -> None:
    home, port, desk_port = tmp_path / "demo", free_port(), free_port()
    assert "无需重建" not in _demo(home, port, desk_port)
    assert "无需重建" in _demo(home, port, desk_port)


@pytest.mark.server
def test_a_load_that_was_killed_starts_over_and_is_whole(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    command = [sys.executable, "-m", "publisher.sample", "load", "--home", str(home)]
    killed = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert killed.stderr is not None
    with killed.stderr as output:
        assert any("[ 7/" in line for line in output)
        killed.kill()
    killed.wait(30)
    assert not site_folder.is_complete(home, plan.digest(BASE))
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert site_folder.is_complete(home, plan.digest(BASE))
    place = settings.read_settings(home, environ={})
    opened = Log.open(place.database, sources=place.sources)
    assert (
        sum(len(opened.queries.releases(d.name)) for d in opened.datasets.all()) == plan.read_plan().releases
    )
    assert opened.integrity.verify().ok
    opened.close()


def _demo(home: Path, port: int, desk_port: int) -> str:
    """Run the demo, open every address that it prints, then send Ctrl-C → its output."""
    command = [*QINGDAN, "demo", "--folder", str(home), "--port", str(port), "--desk-port", str(desk_port)]
    log = home.parent / "demo.log"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            deadline = time.monotonic() + 180
            while "Ctrl-C 结束" not in (output := log.read_text(encoding="utf-8")):
                assert process.poll() is None, output
                assert time.monotonic() < deadline, output
                time.sleep(0.1)
            addresses = [line.strip() for line in output.splitlines() if line.strip().startswith("http")]
            assert len(addresses) == 10
            for address in addresses:
                assert httpx.get(address, timeout=60).status_code == 200, address
            for address in addresses[7:]:
                _sign_in_by_link(f"http://127.0.0.1:{desk_port}", address)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert "Traceback" not in log.read_text(encoding="utf-8")
    return output


def _sign_in_by_link(desk: str, address: str) -> None:
    """Sign in with a link of the demo, which works once."""
    with httpx.Client(base_url=desk, timeout=60, follow_redirects=True) as browser:
        (form,) = forms(browser.get(address).text).values()
        work = browser.post(form.action, data=form.fields)
        assert work.status_code == 200
        assert "演示账号" in work.text
        assert browser.post(form.action, data=form.fields).status_code == 410


def test_a_reader_s_correction_was_accepted_and_another_waits(client: httpx.Client, home: Path) -> None:
    page = client.get("/corrections", headers={"accept": "text/html"}).text
    assert "社会团体成立登记" in page
    assert "承诺办结时限" in page
    assert "6元/户·月" not in page
    assert "张三" not in page
    record = re.search(r'href="(/datasets/shili-power-list/records/[^"]+)"', page)
    assert record
    assert f'href="{record[1]}/correction"' in client.get(record[1], headers={"accept": "text/html"}).text


def test_the_commitments_of_the_city_and_of_the_founding_notice(log: Log) -> None:
    city = log.commitments.page(CommitmentQuery(datasets=("shili-commitments",))).commitments
    assert [(one.status, one.is_disputed) for one in city] == [
        *[("done", False)] * 3,
        *(("overdue", False), ("undetermined", True), ("undetermined", False)),
    ]
    assert {one.done_on for one in city[:3]} == {date(2024, 7, 1)}
    notice = log.commitments.page(CommitmentQuery(plans=("鞍政发〔2015〕34号",)))
    assert notice.counts == {"done": 0, "overdue": 0, "undetermined": 95}


def test_the_pages_of_both_plans_link_their_promises(client: httpx.Client, log: Log) -> None:
    (plan_of_city,) = log.queries.find_by_title(
        "shili-plans", "示例市人民政府办公室关于印发2024年推进简政放权工作方案的通知"
    )
    page = client.get(f"/datasets/shili-plans/records/{plan_of_city.id}").text
    assert page.count('href="/commitments/') >= 12, "at the clause, and below the text"
    (notice,) = log.queries.records("policy-documents", RecordQuery()).records
    page = client.get(f"/datasets/policy-documents/records/{notice.id}").text
    assert len(re.findall(r"〔[^〕]+：无法判断〕", page)) == 95
