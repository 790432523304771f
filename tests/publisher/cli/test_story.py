"""The main workflow, from the clerk's import to the reader's search."""

from __future__ import annotations

import signal
import time
import urllib.request
from pathlib import Path

import pytest

from tests.support import shared_data
from tests.support.command import Home, item, xls, xlsx
from tests.support.servers.http_service import free_port

FIRST = [item("危险化学品经营许可"), item("安全生产许可证核发")]
SECOND = [item("危险化学品经营许可", promised="7个工作日"), item("烟花爆竹经营许可", promised="15个工作日")]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Publish lists of two departments, for tests to copy; the first has two releases."""
    folder = tmp_path_factory.mktemp("published")
    site = Home(folder / "home")
    site.dataset("shili-power-list", "应急管理局", "统计局")
    site.ok("import", xls(folder / "市应急管理局权责清单.xls", FIRST), "--dataset", "shili-power-list")
    site.ok("import", xlsx(folder / "市统计局.xlsx", [item("统计检查")]), "--dataset", "shili-power-list")
    basis = ("--basis", "鞍政发〔2015〕34号")
    site.ok("publish", "shili-power-list", "--effective-on", "2015-12-01", *basis)
    site.ok("import", xlsx(folder / "市应急局.xlsx", SECOND), "--dataset", "shili-power-list")
    site.ok("publish", "shili-power-list", "--effective-on", "2016-06-01", *basis)
    return site


@pytest.fixture
def published(built: Home, site: Home) -> Home:
    return built.copy_to(site.home)


def test_a_dry_run_reports_everything_and_writes_nothing(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局", "统计局")
    files = (xls(tmp_path / "市应急管理局.xls", FIRST), xlsx(tmp_path / "市统计局.xlsx", [item("统计检查")]))
    before = site.files()
    ran = site.ok("import", *files, "--dataset", "shili-power-list", "--dry-run", "--json")
    assert site.files() == before
    report = ran.json
    assert report["changes"] == {"added": 3, "changed": 0, "removed": 0, "unchanged": 0}
    assert report["rows"] == report["records"] + report["continuations"] + len(report["left_out"])
    assert [(f["part"], f["changes"]["added"]) for f in report["files"]] == [("应急管理局", 2), ("统计局", 1)]
    assert [(s["sheet"], s["changes"]["added"]) for s in report["sheets"]] == [("Sheet1", 2), ("Sheet", 1)]
    assert {one["reason"] for one in report["left_out"]} == {"title", "header"}
    assert not report["staged"]


@pytest.mark.slow
def test_an_import_waits_in_the_draft_until_it_is_published(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    site.ok("import", xls(tmp_path / "市应急管理局.xls", FIRST), "--dataset", "shili-power-list")
    assert site.ok("releases", "shili-power-list", "--json").json == []
    assert "危险化学品经营许可" in site.ok("draft", "diff", "shili-power-list").out
    site.ok("publish", "shili-power-list", "--effective-on", "2015-12-01", "--basis", "鞍政发〔2015〕34号")
    assert site.run("draft", "show", "shili-power-list").code == 3
    (release,) = site.ok("releases", "shili-power-list", "--json").json
    assert (release["number"], release["basis"], release["counts"]["added"]) == (1, "鞍政发〔2015〕34号", 2)


@pytest.mark.slow
def test_a_second_release_touches_only_the_part_that_was_handed_in(published: Home) -> None:
    changes = published.ok("changes", "shili-power-list", "--release", "2", "--json").json
    assert {(c["kind"], c["title"]) for c in changes} == {
        ("changed", "危险化学品经营许可"),
        ("added", "烟花爆竹经营许可"),
        ("removed", "安全生产许可证核发"),
    }


def test_traditional_characters_find_what_simplified_ones_find(published: Home) -> None:
    simplified = published.ok("search", "危险化学品经营许可", "--json").json
    traditional = published.ok("search", "危險化學品經營許可", "--json").json
    assert [h["record"] for h in simplified["hits"]] == [h["record"] for h in traditional["hits"]]
    assert simplified["hits"][0]["title"]["text"] == "危险化学品经营许可"
    typed = published.ok("search", "weixian huaxuepin jingying xuke", "--json").json
    assert typed["did_you_mean"] == "危险化学品经营许可"
    assert typed["hits"] == simplified["hits"]
    assert "您要找的是不是" in published.ok("search", "whpjyxk").err


def test_search_at_a_past_day_finds_what_was_removed_since(published: Home) -> None:
    assert published.ok("search", "安全生产许可证", "--json").json["match"] != "all"
    past = published.ok("search", "安全生产许可证", "--as-of", "2016-01-01", "--json").json
    assert past["hits"][0]["title"]["text"] == "安全生产许可证核发"


def test_history_shows_by_name_what_changed_field_by_field(published: Home) -> None:
    history = published.ok("history", "shili-power-list", "危险化学品经营许可").out
    assert "2015-12-01" in history
    assert "10个工作日 → 7个工作日" in history


def test_a_withdrawn_record_is_not_found_and_its_reason_is_shown(published: Home) -> None:
    published.ok("withdraw", "shili-power-list", "统计检查", "--reason", "误报", "--yes")
    assert "统计检查" not in [
        hit["title"]["text"] for hit in published.ok("search", "统计检查", "--json").json["hits"]
    ]
    (record,) = published.ok("show", "shili-power-list", "统计检查", "--json").json
    assert (record["status"], record["reason"], record["content"]) == ("withdrawn", "误报", {})


def test_a_correction_is_read_as_a_cell_and_becomes_a_release(published: Home) -> None:
    published.ok(
        "correct", "shili-power-list", "统计检查", "承诺办结时限=５个工作日", "--reason", "更正", "--yes"
    )
    (record,) = published.ok("show", "shili-power-list", "统计检查", "--json").json
    assert record["content"]["promised_limit"] == {"value": 5, "unit": "工作日"}
    assert published.ok("releases", "shili-power-list", "--json").json[-1]["counts"]["corrected"] == 1


def test_a_rename_keeps_the_records_id_and_history(published: Home) -> None:
    (before,) = published.ok("show", "shili-power-list", "统计检查", "--json").json
    published.ok(
        "rename",
        "shili-power-list",
        "统计检查",
        "事项名称=统计执法检查",
        "--effective-on",
        "2017-01-01",
        "--reason",
        "更名",
        "--yes",
    )
    (after,) = published.ok("show", "shili-power-list", "统计执法检查", "--json").json
    assert after["id"] == before["id"]
    assert published.ok("search", "统计执法检查", "--json").json["hits"][0]["record"] == before["id"]


@pytest.mark.slow
def test_publishing_nothing_new_makes_no_release(published: Home, tmp_path: Path) -> None:
    published.ok("import", xlsx(tmp_path / "应急局再报.xlsx", SECOND), "--dataset", "shili-power-list")
    ran = published.ok(
        "publish", "shili-power-list", "--effective-on", "2016-06-01", "--basis", "鞍政发〔2015〕34号"
    )
    assert "没有变化" in ran.err
    assert len(published.ok("releases", "shili-power-list", "--json").json) == 2


def test_a_lost_index_is_made_again_from_the_log(published: Home) -> None:
    before = published.ok("search", "烟花爆竹", "--json").json["hits"]
    for path in sorted((published.home / "index").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    published.ok("reindex")
    assert [h["record"] for h in published.ok("search", "烟花爆竹", "--json").json["hits"]] == [
        h["record"] for h in before
    ]
    assert published.ok("verify", "--json").json["ok"]


@pytest.mark.slow
def test_commands_work_while_the_site_is_served(published: Home, tmp_path: Path) -> None:
    port = free_port()
    serving = published.spawn("serve", "--work", "--port", port)
    try:
        address = f"http://127.0.0.1:{port}"
        retry_until_online(lambda: fetch_text(f"{address}/healthz"))
        published.ok(
            "import", xlsx(tmp_path / "统计局2.xlsx", [item("统计调查审批")]), "--dataset", "shili-power-list"
        )
        published.ok(
            "publish", "shili-power-list", "--effective-on", "2017-01-01", "--basis", "鞍政发〔2016〕1号"
        )
        assert published.ok("search", "统计调查审批", "--json").json["hits"]
        assert "统计调查审批" in fetch_text(
            f"{address}/v1/search?q=%E7%BB%9F%E8%AE%A1%E8%B0%83%E6%9F%A5%E5%AE%A1%E6%89%B9"
        )
        assert "统计调查审批" in fetch_text(f"{address}/feeds/shili-power-list.atom")
        serving.send_signal(signal.SIGINT)
        _, err = serving.communicate(timeout=30)
        assert serving.returncode == 0
        assert "Traceback" not in err
    finally:
        serving.kill()


@pytest.mark.shared
@pytest.mark.slow
def test_the_real_workbooks_of_a_city_are_one_release(site: Home) -> None:
    folder = shared_data.require("power-list-karamay")
    site.dataset(
        "power-list",
        *(
            "农业农村局",
            "统计局",
            "人力资源和社会保障局",
            "住房和城乡建设局",
            "发展和改革委员会",
            "新闻出版局",
        ),
        *(
            "文化体育广播电视和旅游局",
            "机关事务管理局",
            "林业和草原",
            "档案局",
            "生态环境局",
            "交通运输局",
            "财政局",
        ),
    )
    # A file of 克拉玛依市 is not taken for that of a department of another city.
    site.ok("dataset", "set", "power-list", "--division", "650200")
    files = sorted(folder.iterdir())
    report = site.run("import", *files, "--dataset", "power-list", "--json").json
    assert report["staged"]
    assert [f["file"] for f in report["files"] if f["same_as"]] == ["克拉玛依市档案局2024年权责清单.xlsx"]
    assert report["rows"] == report["records"] + report["continuations"] + len(report["left_out"])
    refused = site.run("publish", "power-list", "--effective-on", "2025-01-01", "--basis", "辽发〔2025〕1号")
    assert refused.code == 1
    assert "rows-in-error" in refused.err
    site.ok(
        "publish",
        "power-list",
        "--effective-on",
        "2025-01-01",
        "--basis",
        "辽发〔2025〕1号",
        "--without-errors",
    )
    (release,) = site.ok("releases", "power-list", "--json").json
    assert release["counts"]["records"] == report["records"] - report["in_error"]
    assert len(release["left_out"]) == report["in_error"]
    assert {row["reason"] for row in release["left_out"]} == {"error"}


def fetch_text(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own loopback address
        return str(answer.read().decode())


def retry_until_online(attempt: object) -> None:
    assert callable(attempt)
    end = time.monotonic() + 30
    while True:
        try:
            attempt()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)
        else:
            return
