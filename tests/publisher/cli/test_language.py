"""Messages in the language of the user, usage errors in Chinese, days and records as people name them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from publisher.cli.context import read_day
from publisher.cli.terminal.language import choose_language
from tests.support.command import Home, item, xlsx

HAN = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "POSIX"}, "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB"}, "en"),
    ],
)
def test_the_locale_chooses_the_language(environ: dict[str, str], language: str) -> None:
    assert choose_language(environ) == language


@pytest.fixture
def wrong(site: Home, tmp_path: Path) -> tuple[Home, Path]:
    """A site and a file with a word outside the vocabulary."""
    site.dataset("shili-power-list", "应急管理局")
    return site, xlsx(tmp_path / "应急管理局.xlsx", [item("危险化学品经营许可", kind="行政审批")])


def test_a_finding_is_printed_once_in_chinese(wrong: tuple[Home, Path]) -> None:
    site, file = wrong
    out = site.run("import", file, "--dataset", "shili-power-list").out
    assert out.count("[unknown-word]") == 1
    assert "不是“权力类型”的规定用词" in out
    assert "vocabulary" not in out


def test_a_finding_is_printed_once_in_english(wrong: tuple[Home, Path]) -> None:
    site, file = wrong
    ran = site.run("--lang", "en", "import", file, "--dataset", "shili-power-list")
    assert ran.out.count("[unknown-word]") == 1
    assert "is not a word of the vocabulary" in ran.out
    assert "规定用词" not in ran.out
    assert not HAN.search(ran.err)
    ran = site.run("--lang", "en", "show", "x", "y", "--known-at", "2015-12-01")
    assert "write an instant as 2015-12-01T08:00:00+08:00, not '2015-12-01'" in ran.err
    assert not HAN.search(ran.err)


def test_the_language_of_a_run_does_not_outlive_it(wrong: tuple[Home, Path]) -> None:
    site, file = wrong
    site.run("--lang", "en", "status")
    assert "规定用词" in site.run("import", file, "--dataset", "shili-power-list").out


def test_findings_are_in_the_order_of_their_rows(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    rows = [
        item("甲许可", promised="尽快"),
        item("乙许可", kind="行政审批"),
        item("丙许可", promised="30个工作日"),
        item("丁许可", promised="尽早"),
    ]
    out = site.run("import", xlsx(tmp_path / "应急管理局.xlsx", rows), "--dataset", "shili-power-list").out
    printed = [int(row) for row in re.findall(r"^(?:错误|警告|说明) .*第(\d+)行", out, re.M)]
    assert printed == sorted(printed)
    assert len(printed) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nope",), "没有命令“nope”"),
        (("import",), "缺少参数“FILES...”"),
        (("import", "a.xls"), "缺少选项“--dataset”"),
        (("import", "a.xls", "--dataset"), "选项“--dataset”需要一个值"),
        (("import", "a.xls", "--dataset", "x", "--bogus"), "没有选项“--bogus”"),
        (("import", "a.xls", "--dryrun"), "没有选项“--dryrun”。相近的有：--dry-run"),
        (("changes", "a", "b"), "多出参数：b"),
        (("changes", "--limit", "0"), "“--limit”的值有误：0不在范围1<=x<=100000内"),
        (("search", "--limit", "many", "x"), "“many”不是整数"),
        (("export", "x", "--format", "doc"), "“doc”不是可选的值"),
        (("publish", "x", "--effective-on", "soon"), "日期写作2015-12-01或2015年12月1日"),
        (("compare", "x", "soon"), "应写作3或2015-12-01"),
        (("--lang", "fr", "status"), "“fr”不是可选的值"),
    ],
)
def test_a_usage_error_is_in_chinese(site: Home, arguments: tuple[str, ...], message: str) -> None:
    ran = site.run(*arguments)
    assert ran.code == 2
    assert message in ran.err
    for line in ran.err.splitlines():
        assert HAN.search(line), line


def test_a_usage_error_is_in_english_on_request(site: Home) -> None:
    ran = site.run("--lang", "en", "publish", "x", "--effective-on", "soon", "--basis", "y")
    assert ran.code == 2
    assert "write a day as 2015-12-01" in ran.err
    assert not HAN.search(ran.err)
    ran = site.run("--lang", "en", "show", "x", "y", "--known-at", "2015-12-01")
    assert "write an instant as 2015-12-01T08:00:00+08:00, not '2015-12-01'" in ran.err
    assert not HAN.search(ran.err)


@pytest.mark.parametrize(
    "text", ["2015-12-01", "2015年12月1日", "２０１５年１２月１日", "2015.12.1", "2015/12/1", "20151201"]
)
def test_a_day_is_typed_as_people_write_it(text: str) -> None:
    day = read_day(text)
    assert day is not None
    assert day.isoformat() == "2015-12-01"


@pytest.mark.parametrize("text", ["2015-13-01", "2015年12月", "12月1日", "soon", ""])
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_day(text) is None


def test_a_record_is_named_by_its_code(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list")
    file = tmp_path / "清单.csv"
    file.write_text(
        "职权编码,事项名称,权力类型,行使主体\n"
        "210300000001,甲许可,行政许可,市应急管理局\n"
        "210300000002,乙许可,行政许可,市应急管理局\n",
        encoding="utf-8",
    )
    site.ok("import", file, "--dataset", "shili-power-list")
    site.ok(
        "publish",
        "shili-power-list",
        "--effective-on",
        "2015年12月1日",
        "--basis",
        "鞍政发〔2015〕34号",
        "--accept",
        "basis-missing",
    )
    (record,) = site.ok("show", "shili-power-list", "210300000002", "--json").json
    assert record["title"] == "乙许可"
    (history,) = site.ok("history", "shili-power-list", "２１０３０００００００２", "--json").json
    assert history["id"] == record["id"]
