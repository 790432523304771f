"""Errors of the command: one clear message in two languages, an exit code, and no partial changes."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import Home, create_arguments, item, xls, xlsx

ITEMS = [item("危险化学品经营许可"), item("安全生产许可证核发")]


def assert_one_error(err: str) -> None:
    """Assert one message, in the language of the user, and no traceback."""
    assert "Traceback" not in err
    assert re.search(r"错误 \[[a-z-]+\] .*[\u4e00-\u9fff]", err)
    assert "Error" not in err


def search_titles(site: Home, text: str) -> list[str]:
    return [hit["title"]["text"] for hit in site.ok("search", text, "--json").json["hits"]]


def test_a_file_that_is_not_there_is_named(site: Home) -> None:
    site.dataset()
    ran = site.run("import", "没有.xlsx", "--dataset", "shili-power-list")
    assert ran.code == 3
    assert "没有.xlsx" in ran.err
    assert_one_error(ran.err)


def test_a_folder_given_as_a_file_is_an_error_and_no_fault_of_the_program(site: Home, tmp_path: Path) -> None:
    site.dataset()
    ran = site.run("import", tmp_path, "--dataset", "shili-power-list")
    assert ran.code == 1
    assert "not-a-file" in ran.err
    assert_one_error(ran.err)


def test_a_folder_without_a_site_says_how_to_make_one(site: Home) -> None:
    ran = site.run("status")
    assert ran.code == 3
    assert "qingdan init" in ran.err
    assert_one_error(ran.err)


@pytest.mark.parametrize(
    "arguments",
    [
        ("dataset", "show", "nothing"),
        ("import", __file__, "--dataset", "nothing"),
        ("releases", "nothing"),
        ("history", "nothing", "x"),
        ("publish", "nothing", "--effective-on", "2015-12-01", "--basis", "x"),
        ("search", "x", "--dataset", "nothing"),
        ("draft", "show", "nothing"),
    ],
)
def test_an_unknown_dataset_is_not_found(site: Home, arguments: tuple[str, ...]) -> None:
    site.dataset()
    ran = site.run(*arguments)
    assert ran.code == 3
    assert "no-such-dataset" in ran.err
    assert_one_error(ran.err)


def test_an_unknown_catalogue_is_refused_and_the_known_ones_are_named(site: Home) -> None:
    site.init()
    ran = site.run(*create_arguments("x", "powers"))
    assert ran.code == 3
    assert "power-list" in ran.err
    assert_one_error(ran.err)


def test_a_site_is_made_once(site: Home) -> None:
    site.ok("init", "--base", "https://data.example.gov.cn/")
    ran = site.run("init", "--base", "https://other.example.gov.cn")
    assert ran.code == 1
    assert_one_error(ran.err)
    assert site.ok("status", "--json").json["base"] == "https://data.example.gov.cn"


@pytest.mark.parametrize(
    "base", ["data.example.gov.cn", "ftp://data.example.gov.cn", "https://a b", "https://"]
)
def test_a_base_that_is_no_address_is_a_usage_error(site: Home, base: str) -> None:
    assert site.run("init", "--base", base).code == 2
    assert not site.home.exists()


def test_a_command_typed_wrong_is_a_usage_error(site: Home) -> None:
    site.dataset()
    wrong = ["publish", "shili-power-list", "--effective-on", "2015-13-01", "--basis", "x"]
    assert site.run(*wrong).code == 2
    assert site.run("publich").code == 2
    both = ("--keep-later", "--replace-later")
    assert site.run("publish", "x", "--effective-on", "2015-12-01", "--basis", "x", *both).code == 2


def test_an_unreadable_file_among_good_ones_leaves_the_draft_as_it_was(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局", "统计局")
    good = xls(tmp_path / "应急管理局.xls", ITEMS)
    bad = tmp_path / "统计局.xlsx"
    bad.write_bytes(b"PK\x03\x04 this is no workbook")
    ran = site.run("import", good, bad, "--dataset", "shili-power-list", "--json")
    assert ran.code == 1
    assert not ran.json["staged"]
    assert [f["severity"] for f in ran.json["findings"]] == ["error"]
    assert site.run("draft", "show", "shili-power-list").code == 3


def test_a_file_that_names_no_department_is_refused(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局", "统计局")
    ran = site.run("import", xlsx(tmp_path / "附件.xlsx", ITEMS), "--dataset", "shili-power-list")
    assert ran.code == 1
    assert "part-unclear" in ran.err
    assert_one_error(ran.err)


def test_two_files_for_one_department_do_not_take_each_others_place(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    files = [xlsx(tmp_path / f"应急管理局{n}.xlsx", [item(f"事项{n}")]) for n in (1, 2)]
    ran = site.run("import", *files, "--dataset", "shili-power-list")
    assert ran.code == 1
    assert "part-twice" in ran.err
    assert_one_error(ran.err)
    assert site.run("draft", "show", "shili-power-list").code == 3


def test_the_same_file_under_two_names_counts_once(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    one = xlsx(tmp_path / "应急管理局.xlsx", ITEMS)
    other = tmp_path / "应急管理局 (1).xlsx"
    other.write_bytes(one.read_bytes())
    report = site.ok("import", one, other, "--dataset", "shili-power-list", "--json").json
    assert report["records"] == 2
    assert [f["same_as"] for f in report["files"]] == [None, "应急管理局.xlsx"]


@pytest.mark.slow
def test_rows_in_error_block_publication_until_the_clerk_goes_on_without_them(
    site: Home, tmp_path: Path
) -> None:
    site.dataset("shili-power-list", "应急管理局")
    wrong = [*ITEMS, item("烟花爆竹经营许可", promised="30个工作日")]
    file = xlsx(tmp_path / "应急管理局.xlsx", wrong)
    ran = site.run("import", file, "--dataset", "shili-power-list", "--json")
    assert ran.code == 1
    assert ran.json["staged"]
    (finding,) = [f for f in ran.json["findings"] if f["severity"] == "error"]
    assert (finding["code"], finding["row"]) == ("promised-exceeds-statutory", 5)
    publish = ("publish", "shili-power-list", "--effective-on", "2015-12-01", "--basis", "鞍政发〔2015〕34号")
    refused = site.run(*publish)
    assert refused.code == 1
    assert_one_error(refused.err)
    assert site.ok("releases", "shili-power-list", "--json").json == []
    diff = ("draft", "diff", "shili-power-list", "--part", "应急管理局", "--json")
    assert [one["code"] for one in site.run(*diff).json["conflicts"]] == ["rows-in-error"]
    assert site.ok(*diff, "--without-errors").json["conflicts"] == []
    assert site.run(*diff, "--keep-later", "--replace-later").code == 2
    site.ok(*publish, "--without-errors")
    (release,) = site.ok("releases", "shili-power-list", "--json").json
    assert release["counts"]["records"] == 2
    (left_out,) = release["left_out"]
    assert (left_out["file"], left_out["rows"], left_out["reason"]) == ("应急管理局.xlsx", [5], "error")


def test_rows_left_out_at_the_import_need_no_second_word_at_publication(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    file = xlsx(tmp_path / "应急管理局.xlsx", [*ITEMS, item("烟花爆竹经营许可", promised="30个工作日")])
    site.ok("import", file, "--dataset", "shili-power-list", "--without-errors")
    site.ok("draft", "diff", "shili-power-list")
    site.ok("publish", "shili-power-list", "--effective-on", "2015-12-01", "--basis", "鞍政发〔2015〕34号")
    (release,) = site.ok("releases", "shili-power-list", "--json").json
    assert release["counts"]["records"] == 2
    assert len(release["left_out"]) == 1


@pytest.mark.slow
def test_a_row_in_error_keeps_what_was_published_of_it(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    publish = ("publish", "shili-power-list", "--basis", "鞍政发〔2015〕34号", "--effective-on")
    site.ok("import", xlsx(tmp_path / "应急管理局.xlsx", ITEMS), "--dataset", "shili-power-list")
    site.ok(*publish, "2015-12-01")
    wrong = [ITEMS[0], item("安全生产许可证核发", promised="30个工作日"), item("烟花爆竹经营许可")]
    file = xlsx(tmp_path / "应急管理局2.xlsx", wrong)
    site.ok("import", file, "--dataset", "shili-power-list", "--without-errors")
    site.ok(*publish, "2016-06-01")
    last = site.ok("releases", "shili-power-list", "--json").json[-1]
    assert last["counts"].get("removed", 0) == 0
    (record,) = site.ok("show", "shili-power-list", "安全生产许可证核发", "--json").json
    assert record["status"] == "current"
    assert record["content"]["promised_limit"]["value"] == 10


@pytest.mark.slow
def test_one_item_in_two_departments_is_a_conflict_that_names_both(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局", "统计局")
    files = [xlsx(tmp_path / f"{part}.xlsx", ITEMS) for part in ("应急管理局", "统计局")]
    ran = site.run("import", *files, "--dataset", "shili-power-list", "--dry-run", "--json")
    assert ran.code == 1
    assert len(ran.json["conflicts"]) == 2
    assert "应急管理局" in ran.json["conflicts"][0]["message_zh"]
    assert "统计局" in ran.json["conflicts"][0]["message_zh"]


@pytest.mark.slow
def test_a_dry_run_lets_an_item_move_between_departments(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局", "统计局")
    site.ok("import", xlsx(tmp_path / "应急管理局.xlsx", ITEMS), "--dataset", "shili-power-list")
    site.ok("publish", "shili-power-list", "--effective-on", "2015-12-01", "--basis", "鞍政发〔2015〕34号")
    files = (xlsx(tmp_path / "应急管理局2.xlsx", ITEMS[:1]), xlsx(tmp_path / "统计局.xlsx", ITEMS[1:]))
    ran = site.run("import", *files, "--dataset", "shili-power-list", "--dry-run", "--json")
    assert ran.json["conflicts"] == []
    assert ran.json["changes"]["removed"] == 0
    assert ran.code == 0


def test_control_characters_of_a_file_never_reach_the_terminal(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    name = "应急管理局\x1b]0;owned\x07\u202e.csv"
    file = tmp_path / name
    file.write_text("事项名称,权力类型,行使主体\n坏\x1b[2J事项,行政许可,市应急管理局\n", encoding="utf-8")
    for json in ((), ("--json",)):
        ran = site.run("import", file, "--dataset", "shili-power-list", *json)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", ran.out + ran.err)


@pytest.mark.slow
def test_a_full_disk_is_reported_and_changes_nothing(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    items = [item(f"第{n}项行政许可", remark="说明" * 200) for n in range(2_000)]
    site.ok("import", xlsx(tmp_path / "应急管理局.xlsx", ITEMS), "--dataset", "shili-power-list")
    draft = site.ok("draft", "show", "shili-power-list", "--json").json
    file = xlsx(tmp_path / "应急管理局全部.xlsx", items)
    full = ("/bin/sh", "-c", 'ulimit -f 1024; exec "$@"', "sh")
    ran = site.spawn("import", file, "--dataset", "shili-power-list", prefix=full)
    _, err = ran.communicate(timeout=120)
    assert ran.returncode == 4, err
    assert_one_error(err)
    assert site.ok("draft", "show", "shili-power-list", "--json").json == draft
    assert site.ok("verify", "--json").json["ok"]


_PAUSED_COMMAND = """
import importlib, sys
from publisher.cli import main
module, _, name = sys.argv.pop(1).rpartition(".")
module = importlib.import_module(module)
write = getattr(module, name)
def held(*given, **named):
    written = write(*given, **named)
    print("held", flush=True)
    sys.stdin.read()
    return written
setattr(module, name, held)
main()
"""


def interrupt(site: Home, writing: str, *arguments: object) -> str:
    """Send Ctrl-C when the function ``writing`` has returned and nothing is committed → stderr."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PAUSED_COMMAND, writing, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=site.environment(),
    )
    assert process.stdout is not None
    assert "held\n" in iter(process.stdout.readline, "")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    return err


@pytest.mark.slow
def test_ctrl_c_in_the_midst_of_an_import_leaves_the_draft_as_it_was(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    site.ok("import", xlsx(tmp_path / "应急管理局.xlsx", ITEMS), "--dataset", "shili-power-list")
    draft = site.ok("draft", "show", "shili-power-list", "--json").json
    more = xlsx(tmp_path / "应急管理局全部.xlsx", [item(f"第{n}项行政许可") for n in range(300)])
    err = interrupt(
        site, "publisher.log.drafts.staging.stage", "import", more, "--dataset", "shili-power-list"
    )
    assert "已中断" in err
    assert site.ok("draft", "show", "shili-power-list", "--json").json == draft
    site.ok("import", more, "--dataset", "shili-power-list")
    (staged,) = site.ok("draft", "show", "shili-power-list", "--json").json["imports"]
    assert staged["records"] == 300


PUBLISH = ("publish", "shili-power-list", "--effective-on", "2015-12-01", "--basis", "鞍政发〔2015〕34号")


@pytest.mark.slow
def test_ctrl_c_in_the_midst_of_a_publication_makes_no_release_and_keeps_the_draft(
    site: Home, tmp_path: Path
) -> None:
    site.dataset("shili-power-list", "应急管理局")
    site.ok("import", xlsx(tmp_path / "应急管理局.xlsx", ITEMS), "--dataset", "shili-power-list")
    assert "已中断" in interrupt(site, "publisher.log.releases.publication.publish", *PUBLISH)
    assert site.ok("releases", "shili-power-list", "--json").json == []
    site.ok(*PUBLISH)
    assert search_titles(site, ITEMS[0][0])[0] == ITEMS[0][0]
    assert site.ok("verify", "--json").json["ok"]


@pytest.mark.slow
def test_ctrl_c_while_a_release_is_indexed_says_that_it_stands(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    site.ok("import", xlsx(tmp_path / "应急管理局.xlsx", ITEMS), "--dataset", "shili-power-list")
    assert "发布已完成" in interrupt(site, "publisher.indexing.span_to_document.build_document", *PUBLISH)
    (release,) = site.ok("releases", "shili-power-list", "--json").json
    assert release["counts"]["records"] == len(ITEMS)
    site.ok("reindex")
    assert search_titles(site, ITEMS[0][0])[0] == ITEMS[0][0]


def test_json_is_alone_on_stdout(site: Home) -> None:
    site.dataset()
    for arguments in (("status",), ("dataset", "list"), ("catalogue", "list"), ("changes",), ("search", "x")):
        ran = site.ok(*arguments, "--json")
        assert ran.json is not None
        assert ran.err == ""


def test_help_is_in_two_languages_and_loads_nothing_that_only_commands_need(site: Home) -> None:
    heavy = ("litestar", "sqlalchemy", "tantivy", "opencc", "pyarrow", "pygeoapi", "rich.table")
    ran = subprocess.run(
        [sys.executable, "-c", _HELP, *heavy], capture_output=True, text=True, check=True, timeout=60
    )
    assert "发布" in ran.stdout
    assert "Publish" in ran.stdout
    assert ran.stderr == ""


_HELP = """
import sys
from publisher.cli import run
run(["--help"])
print(*(name for name in sys.argv[1:] if name in sys.modules), end="", file=sys.stderr)
"""


@pytest.mark.slow
def test_a_release_stands_where_search_cannot_be_written(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    site.ok("import", xlsx(tmp_path / "应急管理局.xlsx", ITEMS), "--dataset", "shili-power-list")
    (site.home / "index").write_text("in the way")
    publish = ("publish", "shili-power-list", "--effective-on", "2015-12-01", "--basis", "鞍政发〔2015〕34号")
    ran = site.run(*publish)
    assert ran.code == 4
    assert "发布已完成，暂时搜索不到" in ran.err
    (site.home / "index").unlink()
    site.ok("reindex")
    assert search_titles(site, "安全生产许可证核发")[0] == "安全生产许可证核发"


@pytest.mark.slow
def test_a_command_closes_its_connection_to_the_search_cluster(
    site: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.dataset()
    monkeypatch.setenv("QINGDAN_SEARCH", "elasticsearch")
    monkeypatch.setenv("QINGDAN_ELASTICSEARCH_HOSTS", "http://127.0.0.1:9")
    with site.spawn("status") as process:
        out, err = process.communicate(timeout=120)
    assert "cluster cannot be reached" in out
    assert "nclosed" not in err


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("QINGDAN_CONNECTIONS", "viele"),
        ("QINGDAN_CONNECTIONS", "0"),
        ("QINGDAN_CORRECTIONS", "-1"),
        ("QINGDAN_DATABASE_CONNECTIONS", "٣"),
        ("QINGDAN_EXPORTS", "2"),
        ("QINGDAN_LOG", "xml"),
        ("QINGDAN_METRICS", "127.0.0.1:99999"),
    ],
)
def test_a_wrong_setting_is_named(site: Home, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(name, text)
    ran = site.run("status")
    assert ran.code == 2
    assert f"设置有误，{name}: “{text}”" in ran.err
    assert "Traceback" not in ran.err
