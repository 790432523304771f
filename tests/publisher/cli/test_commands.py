"""The smaller commands of the clerk, and what they say of errors."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from publisher.cli.terminal import failures
from schemas.definition.file_loader import load_catalogue
from tests.support.command import Home, create_arguments, item, xlsx

ITEMS = [item("危险化学品经营许可"), item("危险化学品使用许可")]
PUBLISH = ("publish", "shili-power-list", "--basis", "鞍政发〔2015〕34号", "--effective-on")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Publish a release, for tests to copy."""
    folder = tmp_path_factory.mktemp("published")
    site = Home(folder / "home")
    site.dataset("shili-power-list", "应急管理局", "统计局")
    site.ok("import", xlsx(folder / "应急管理局.xlsx", ITEMS), "--dataset", "shili-power-list")
    site.ok(*PUBLISH, "2015-12-01")
    return site


@pytest.fixture
def published(built: Home, site: Home) -> Home:
    return built.copy_to(site.home)


@pytest.mark.slow
def test_datasets_are_listed_and_shown(published: Home) -> None:
    assert "shili-power-list\t示例市清单\tpower-list" in published.ok("dataset", "list").out
    dataset = published.ok("dataset", "show", "shili-power-list", "--json").json
    assert (dataset["division"], dataset["releases"]) == ("210300", 1)
    assert [p["name"] for p in dataset["parts"]] == ["应急管理局", "统计局"]


def test_a_dataset_takes_no_division_that_does_not_exist(site: Home) -> None:
    site.init()
    wrong = [a if a != "210300" else "990000" for a in create_arguments("x", "power-list")]
    assert site.run(*wrong).code == 2


def test_a_renamed_part_is_still_recognised_by_its_old_name(published: Home, tmp_path: Path) -> None:
    published.ok("dataset", "part", "rename", "shili-power-list", "统计局", "数据局")
    file = xlsx(tmp_path / "市统计局.xlsx", [item("统计检查")])
    report = published.ok("import", file, "--dataset", "shili-power-list", "--json").json
    assert report["files"][0]["part"] == "数据局"


def test_a_merged_part_hands_its_records_over(published: Home, tmp_path: Path) -> None:
    published.ok("dataset", "part", "merge", "shili-power-list", "应急管理局", "统计局")
    (part,) = published.ok("dataset", "part", "list", "shili-power-list", "--json").json
    assert (part["name"], part["aliases"]) == ("统计局", ["应急管理局"])
    (record,) = published.ok("show", "shili-power-list", "危险化学品经营许可", "--json").json
    assert record["part"] == "统计局"


def test_a_closed_part_says_until_when(published: Home) -> None:
    published.ok("dataset", "part", "close", "shili-power-list", "统计局", "--on", "2016-01-01")
    parts = published.ok("dataset", "part", "list", "shili-power-list", "--json").json
    assert [p["valid_to"] for p in parts] == [None, "2016-01-01"]


def test_a_discarded_draft_is_gone(published: Home, tmp_path: Path) -> None:
    file = xlsx(tmp_path / "统计局.xlsx", [item("统计检查")])
    published.ok("import", file, "--dataset", "shili-power-list")
    published.ok("draft", "discard", "shili-power-list", "--part", "统计局")
    assert published.run("draft", "show", "shili-power-list").code == 3
    assert published.run(*PUBLISH, "2016-01-01").code == 1


def test_a_title_of_several_records_has_to_be_an_id_to_change_one(published: Home) -> None:
    ran = published.run("withdraw", "shili-power-list", "危险化学品", "--reason", "误", "--yes")
    assert ran.code == 1
    assert "record-unclear" in ran.err
    assert len(published.ok("releases", "shili-power-list", "--json").json) == 1


def test_a_correction_of_an_unknown_field_or_an_unreadable_value_is_refused(published: Home) -> None:
    correct = ("correct", "shili-power-list", "危险化学品经营许可", "--reason", "更正", "--yes")
    assert published.run(*correct, "没有这一列=1").code == 2
    assert published.run(*correct, "承诺办结时限").code == 2
    wrong = published.run(*correct, "权力类型=行政审批")
    assert wrong.code == 1
    assert "请改用其中之一：行政许可" in wrong.out
    assert len(published.ok("releases", "shili-power-list", "--json").json) == 1


def test_a_record_is_shown_as_it_was(published: Home) -> None:
    name = "危险化学品经营许可"
    published.ok("correct", "shili-power-list", name, "承诺办结时限=5个工作日", "--reason", "更正", "--yes")
    (then,) = published.ok("show", "shili-power-list", name, "--release", "1", "--json").json
    (now,) = published.ok("show", "shili-power-list", name, "--as-of", "2016-01-01", "--json").json
    assert then["content"]["promised_limit"]["value"] == 10
    assert now["content"]["promised_limit"]["value"] == 5
    assert (
        published.run("show", "shili-power-list", name, "--release", "1", "--as-of", "2016-01-01").code == 2
    )


def test_the_page_of_an_unknown_record_is_that_of_no_dataset(published: Home) -> None:
    published.ok(*create_arguments("qita-power-list", "power-list"))
    everywhere = published.run("--lang", "en", "evidence", "没有的事项")
    assert everywhere.code == 3
    assert "No dataset has a record with the name, code or id “没有的事项”" in everywhere.err
    in_one = published.run("evidence", "没有的事项", "--dataset", "shili-power-list")
    assert "数据集 shili-power-list 中没有" in in_one.err


def test_a_release_is_reported_with_its_counts_in_both_languages(published: Home, tmp_path: Path) -> None:
    file = xlsx(tmp_path / "应急管理局.xlsx", [*ITEMS, item("烟花爆竹经营许可")])
    published.ok("import", file, "--dataset", "shili-power-list")
    release = published.ok("--lang", "en", *PUBLISH, "2015-12-02")
    assert "Published release 2 of shili-power-list: added 1, 3 in force on 2015-12-02." in release.err


def test_changes_can_be_followed_by_their_sequence(published: Home) -> None:
    first = published.ok("changes", "--json", "--after", "0").json
    newest_first = published.ok("changes", "--json").json
    assert [one["sequence"] for one in first] == sorted(one["sequence"] for one in newest_first)
    assert newest_first == first[::-1] != first
    published.ok("withdraw", "shili-power-list", "危险化学品使用许可", "--reason", "误", "--yes")
    last = max(change["sequence"] for change in first)
    (later,) = published.ok("changes", "--json", "--after", last).json
    assert (later["kind"], later["reason"]) == ("withdrawn", "误")


@pytest.mark.slow
def test_later_effect_is_refused_until_the_clerk_decides(published: Home, tmp_path: Path) -> None:
    published.ok("import", xlsx(tmp_path / "应急管理局3.xlsx", ITEMS[:1]), "--dataset", "shili-power-list")
    published.ok(*PUBLISH, "2999-01-01", "--accept", "far-day")
    again = xlsx(tmp_path / "应急管理局2.xlsx", [*ITEMS, item("烟花爆竹经营许可")])
    published.ok("import", again, "--dataset", "shili-power-list")
    refused = published.run(*PUBLISH, "2016-01-01")
    assert refused.code == 1
    assert "later-effect" in refused.err
    assert "--keep-later" in refused.err
    published.ok(*PUBLISH, "2016-01-01", "--keep-later")
    (future,) = published.ok(
        "show", "shili-power-list", "危险化学品使用许可", "--as-of", "2999-01-02", "--json"
    ).json
    assert future["status"] == "removed"


@pytest.mark.slow
def test_a_site_has_catalogues_of_its_own(site: Home, tmp_path: Path) -> None:
    site.init()
    source = json.loads(load_catalogue("qualifications").source)
    source["qingdan"]["name"] = "wells"
    file = tmp_path / "wells.json"
    file.write_text(json.dumps(source, ensure_ascii=False), encoding="utf-8")
    assert str(site.home / "catalogues" / "wells.json") in site.ok("catalogue", "check", file).err
    (site.home / "catalogues").mkdir()
    (site.home / "catalogues" / "wells.json").write_bytes(file.read_bytes())
    assert "wells" in [c["name"] for c in site.ok("catalogue", "list", "--json").json]
    site.ok(*create_arguments("wells", "wells"))
    source["fields"].append(
        {
            "name": "depth",
            "title": "深度",
            "type": "string",
            "description": "井深。/ Depth.",
            "qingdan": {"title_en": "Depth"},
        }
    )
    (site.home / "catalogues" / "wells.json").write_text(json.dumps(source), encoding="utf-8")
    table = tmp_path / "井.csv"
    title = load_catalogue("qualifications").by_name[load_catalogue("qualifications").title_field].title
    table.write_text(f"{title},深度\n一号井,三十米\n", encoding="utf-8")
    # In a process of its own, because catalogue files are read once per process.
    ran = site.spawn("import", table, "--dataset", "wells", "--json")
    catalogues = json.loads(ran.communicate(timeout=60)[0])
    assert (catalogues["records"], catalogues["files"][0]["unmapped_columns"]) == (1, [])


def test_an_error_in_a_catalogue_file_is_reported_with_its_key(site: Home, tmp_path: Path) -> None:
    site.init()
    file = tmp_path / "wells.json"
    file.write_text('{"fields": [], "qingdan": {"nmae": "wells"}}', encoding="utf-8")
    ran = site.run("catalogue", "check", file)
    assert ran.code == 1
    assert "bad-catalogue" in ran.err


def test_a_migration_is_a_release(published: Home) -> None:
    source = json.loads(load_catalogue("power-list").source)
    source["fields"] = [one for one in source["fields"] if one["name"] != "statutory_limit"]
    source["qingdan"]["facts"] = []
    source["fields"].append(
        {
            "name": "hotline",
            "title": "办事热线",
            "type": "string",
            "description": "电话。/ Phone.",
            "qingdan": {"title_en": "Hotline"},
        }
    )
    (published.home / "catalogues").mkdir()
    changed = json.dumps(source, ensure_ascii=False)
    (published.home / "catalogues" / "power-list.json").write_text(changed, encoding="utf-8")
    published.ok("dataset", "migrate", "shili-power-list", "--note", "加一列")
    releases = published.ok("releases", "shili-power-list", "--json").json
    assert len(releases) == 2
    assert releases[1]["catalogue_digest"] != releases[0]["catalogue_digest"]
    dropped = [one for one in load_catalogue("power-list").fields if one.name == "statutory_limit"]
    lines = published.ok("changes", "shili-power-list", "--release", "2").out
    assert dropped[0].title in lines


def test_the_contract_is_printed_for_the_sites_own_base(published: Home) -> None:
    document = published.ok("openapi").json
    assert document["servers"] == [{"url": "https://data.example.gov.cn"}]
    assert "/v1/search" in document["paths"]


def test_a_catalogue_lists_its_headings(site: Home) -> None:
    site.init()
    assert "设定依据" in site.ok("catalogue", "show", "power-list").out
    assert site.ok("catalogue", "show", "power-list", "--json").json["qingdan"]["name"] == "power-list"


def test_the_status_lists_the_content_of_the_site(published: Home) -> None:
    (dataset,) = published.ok("status", "--json").json["datasets"]
    assert (dataset["release"], dataset["records"], dataset["draft"]) == (1, 2, False)
    assert "shili-power-list" in published.ok("status").out


def test_a_home_is_private_and_one_that_others_can_enter_is_told(site: Home) -> None:
    site.ok("init", "--base", "https://data.example.gov.cn")
    assert stat.S_IMODE(site.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((site.home / "qingdan.db").stat().st_mode) == 0o600
    assert site.ok("status", "--json").json["readable_by_others"] == []
    site.home.chmod(0o755)
    (site.home / "desk").mkdir()
    (site.home / "desk" / "desk.key").touch(mode=0o644)
    readable = [str(site.home), str(site.home / "desk" / "desk.key")]
    assert site.ok("status", "--json").json["readable_by_others"] == readable
    ran = site.ok("status")
    assert "chmod go=" in ran.out + ran.err


def test_a_code_of_many_records_finds_them_all(site: Home) -> None:
    site.dataset("standards", catalogue="discretion-standards")
    lines = [f"0100-F-001,甲行为,第{n}档,处{n}元罚款,市民政局" for n in range(1, 26)]
    site.publish_text("standards", "\n".join(["职权编码,违法行为,裁量阶次,裁量标准,行使主体", *lines]))
    assert len(site.ok("history", "standards", "0100-F-001", "--json").json) == 25


@pytest.mark.parametrize(
    "arguments",
    [
        ("changes", "--after", 10**20),
        ("changes", "shili-power-list", "--release", 10**20),
        ("cancel", "shili-power-list", 10**20, "--reason", "x", "--yes"),
        ("export", "shili-power-list", "--release", 10**20),
    ],
)
def test_a_number_that_no_release_can_have_is_a_usage_error(
    site: Home, arguments: tuple[object, ...]
) -> None:
    site.dataset()
    assert site.run(*arguments).code == 2


def test_changes_of_a_release_that_is_not_there_are_not_an_empty_list(site: Home) -> None:
    site.dataset()
    for arguments in (("changes", "--release", 7), ("cancel", 7, "--reason", "x", "--yes")):
        command, *options = arguments
        ran = site.run(command, "shili-power-list", *options)
        assert (ran.code, ran.out) == (3, "")
        assert "no-such-release" in ran.err


def test_a_definition_that_is_not_text_is_named(site: Home, tmp_path: Path) -> None:
    (file := tmp_path / "fees.json").write_bytes("收费".encode("gbk"))
    ran = site.run("catalogue", "check", file)
    assert ran.code == 1
    assert "bad-catalogue" in ran.err
    assert str(file) in ran.err


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (OSError("CRC check failed"), "machine", "（CRC check failed）"),
        (TimeoutError(), "machine", "（TimeoutError）"),
        (IntegrityError("", {}, Exception("fulltext.key")), "database-refused", "详情：fulltext.key"),
        (DatabaseError("", {}, Exception("file is not a database")), "database-refused", "not a database"),
        (OperationalError("", {}, Exception("disk is full")), "disk-full", "disk is full"),
    ],
)
def test_an_error_is_described_by_what_it_says(error: Exception, code: str, text: str) -> None:
    failure = failures.explain(error)
    assert failure is not None
    assert failure.code == code
    assert text in failure.zh


@pytest.mark.parametrize("base", ["https://user:secret@data.example.gov.cn", "https://[::1]:8000"])
def test_an_address_from_which_no_tag_authority_follows_is_refused(site: Home, base: str) -> None:
    assert site.run("init", "--base", base).code == 2


def test_a_home_may_have_any_name(tmp_path: Path) -> None:
    site = Home(tmp_path / "100%20?x=1#y")
    site.ok("init", "--base", "https://data.example.gov.cn")
    assert (site.home / "qingdan.db").exists()
    assert site.ok("status", "--json").json["home"] == str(site.home)
    assert [path.name for path in tmp_path.iterdir()] == [site.home.name]


def test_an_argument_that_is_not_text_is_refused(site: Home) -> None:
    site.dataset()
    ran = site.run("dataset", "set", "shili-power-list", "--title", b"\xff".decode(errors="surrogateescape"))
    assert ran.code == 1
    assert "bad-encoding" in ran.err
    assert "Traceback" not in ran.err


def test_the_address_of_a_node_of_the_cluster_needs_a_scheme_and_a_port(
    site: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QINGDAN_SEARCH", "elasticsearch")
    monkeypatch.setenv("QINGDAN_ELASTICSEARCH_HOSTS", "http://127.0.0.1:9200,localhost:9200")
    ran = site.run("status")
    assert ran.code == 2
    assert "QINGDAN_ELASTICSEARCH_HOSTS: https://host:9200" in ran.err


@pytest.mark.slow
def test_of_two_records_of_one_name_a_release_shows_the_one_that_it_has(site: Home) -> None:
    site.dataset("fees", catalogue="fees")
    first, second = "证照费,市财政局,缴入国库", "证照费,市民政局,缴入国库"
    for lines in ([first], [first, second]):
        site.publish_text("fees", "\n".join(["项目名称,执收部门,资金管理方式", *lines]))
    assert len(site.ok("show", "fees", "证照费", "--json").json) == 2
    (state,) = site.ok("show", "fees", "证照费", "--release", 1, "--json").json
    assert state["content"]["department"] == "市财政局"
    assert "新增 1\t2" in site.ok("releases", "fees").out


def test_a_draft_says_how_much_stays(site: Home) -> None:
    site.dataset("fees", catalogue="fees")
    head, line = "项目名称,执收部门,资金管理方式", "证照费,市财政局,缴入国库"
    site.publish_text("fees", f"{head}\n{line}")
    (file := site.home.with_name("fees.csv")).write_text(f"{head}\n{line}\n登记费,市民政局,缴入国库", "utf-8")
    site.ok("import", file, "--dataset", "fees")
    assert site.ok("draft", "diff", "fees").out.splitlines()[-1] == "新增 1，未变化 1"


def test_exports_into_one_folder_share_the_list_of_digests(site: Home, tmp_path: Path) -> None:
    site.dataset()
    site.publish_text("shili-power-list", "事项名称,权力类型,行使主体\n甲项许可,行政许可,市统计局\n")
    for form in ("csv", "jsonl", "csv"):
        site.ok("export", "shili-power-list", "--format", form, "--to", tmp_path / "files")
    (tmp_path / "files" / "shili-power-list-1.jsonl").unlink()
    site.ok("export", "shili-power-list", "--format", "json", "--to", tmp_path / "files")
    names = [line[66:] for line in (tmp_path / "files" / "SHA256SUMS").read_text("utf-8").splitlines()]
    assert names == ["shili-power-list-1.csv", "shili-power-list-1.json"]


def test_two_files_of_one_name_do_not_take_each_others_place_in_a_running_list(
    site: Home, tmp_path: Path
) -> None:
    site.dataset("cancelled", catalogue="cancelled-items")
    files = [tmp_path / folder / "取消事项.csv" for folder in ("甲", "乙")]
    for file in files:
        file.parent.mkdir()
        file.write_text(
            f"决定文号,项目名称,处理决定\n国发〔2015〕1号,{file.parent.name}类许可,取消\n", "utf-8"
        )
    ran = site.run("import", *files, "--dataset", "cancelled")
    assert ran.code == 1
    assert "name-twice" in ran.err
    assert site.run("draft", "show", "cancelled").code == 3
