"""Amendments by hand: checked like an import, shown before they are published, with a reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.support.command import Home, item, xlsx

DATASET = "shili-power-list"
ITEMS = [item("危险化学品经营许可"), item("危险化学品使用许可")]
CORRECT = ("correct", DATASET, "危险化学品经营许可")
REASON = ("--reason", "录入错误")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Publish a release, for tests to copy."""
    folder = tmp_path_factory.mktemp("published")
    site = Home(folder / "home")
    site.dataset(DATASET, "应急管理局")
    site.ok("import", xlsx(folder / "应急管理局.xlsx", ITEMS), "--dataset", DATASET)
    site.ok("publish", DATASET, "--effective-on", "2015-12-01", "--basis", "鞍政发〔2015〕34号")
    return site


@pytest.fixture
def published(built: Home, site: Home) -> Home:
    return built.copy_to(site.home)


def releases(site: Home) -> int:
    return len(site.ok("releases", DATASET, "--json").json)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "code"),
    [
        (("事项名称=",), "required-missing"),
        (("承诺办结时限=30个工作日",), "promised-exceeds-statutory"),
        (("法定办结时限=5个工作日",), "promised-exceeds-statutory"),
        (("承诺办结时限=尽快",), "unreadable-limit"),
        (("权力类型=行政审批",), "unknown-word"),
    ],
)
def test_a_correction_that_an_import_would_refuse_is_refused(
    published: Home, values: tuple[str, ...], code: str
) -> None:
    ran = published.run(*CORRECT, *values, *REASON, "--yes")
    assert ran.code == 1
    assert f"[{code}]" in ran.out
    assert "content-in-error" in ran.err
    assert releases(published) == 1


def test_fields_that_depend_on_each_other_are_set_together(published: Home) -> None:
    published.ok(*CORRECT, "承诺办结时限=30个工作日", "法定办结时限=30个工作日", *REASON, "--yes")
    assert releases(published) == 2


def test_a_warning_is_shown_and_does_not_block(published: Home) -> None:
    ran = published.ok(*CORRECT, "实施依据=", "备注=经办人13800138000", *REASON, "--yes")
    assert "[basis-missing]" in ran.out
    assert "[personal-data]" in ran.out
    assert "138******00" in ran.out


@pytest.mark.parametrize(
    "command",
    [
        (*CORRECT, "备注=新"),
        ("withdraw", DATASET, "危险化学品经营许可"),
        ("rename", DATASET, "危险化学品经营许可", "事项名称=新名称"),
    ],
)
@pytest.mark.parametrize("reason", ["", "  ", "　"])
def test_a_blank_reason_is_refused(published: Home, command: tuple[str, ...], reason: str) -> None:
    ran = published.run(*command, "--reason", reason, "--yes")
    assert ran.code == 2
    assert "--reason 不能是空白" in ran.err
    assert releases(published) == 1


def test_a_correction_shows_what_changes_and_waits_for_yes(published: Home) -> None:
    ran = published.run(*CORRECT, "承诺办结时限=5个工作日", *REASON)
    assert ran.code == 1
    assert "10个工作日 → 5个工作日" in ran.out
    assert "needs-yes" in ran.err
    assert releases(published) == 1


def test_a_correction_does_not_report_the_rows_of_a_draft_as_conflicts(
    published: Home, tmp_path: Path
) -> None:
    published.ok("import", xlsx(tmp_path / "应急管理局.xlsx", ITEMS), "--dataset", DATASET)
    ran = published.ok(*CORRECT, "承诺办结时限=5个工作日", *REASON, "--yes")
    assert "草稿中还有2条记录没有发布" in ran.err
    assert "冲突" not in ran.err


def test_a_withdrawal_shows_the_records_and_waits_for_yes(published: Home) -> None:
    ran = published.run("withdraw", DATASET, "危险化学品经营许可", "危险化学品使用许可", *REASON)
    assert ran.code == 1
    assert ran.out.count("撤回公布") == 2
    assert releases(published) == 1
    published.ok("withdraw", DATASET, "危险化学品经营许可", *REASON, "--yes")
    again = published.run("withdraw", DATASET, "危险化学品经营许可", *REASON, "--yes")
    assert again.code != 0
    assert releases(published) == 2


def test_a_rename_runs_the_same_checks(published: Home) -> None:
    rename = ("rename", DATASET, "危险化学品经营许可")
    refused = published.run(*rename, "事项名称=", *REASON, "--yes")
    assert refused.code == 1
    assert "[required-missing]" in refused.out
    ran = published.run(*rename, "事项名称=危化品经营许可", *REASON)
    assert "危险化学品经营许可 → 危化品经营许可" in ran.out
    assert releases(published) == 1
    published.ok(*rename, "事项名称=危化品经营许可", *REASON, "--yes")
    other = ("rename", DATASET, "危化品经营许可", "事项名称=危险化学品使用许可")
    taken = published.run(*other, *REASON, "--yes")
    assert "identity-taken" in taken.err


@pytest.mark.slow
def test_another_name_keeps_the_content_that_is_published_for_its_day(
    published: Home, tmp_path: Path
) -> None:
    items = [item("危险化学品经营许可", promised="5个工作日"), ITEMS[1]]
    published.ok("import", xlsx(tmp_path / "应急管理局.xlsx", items), "--dataset", DATASET)
    year = date.today().year + 1  # noqa: DTZ011 - only the year counts
    basis = ("--basis", "鞍政发〔2015〕34号")
    published.ok("publish", DATASET, "--effective-on", f"{year}-01-01", *basis)
    day = f"{year}-06-01"
    rename = ("rename", DATASET, "危险化学品经营许可", "事项名称=危化品经营许可", "--effective-on", day)
    published.ok(*rename, *REASON, "--yes")
    (state,) = published.ok("show", DATASET, "危险化学品经营许可", "--as-of", day, "--json").json
    assert state["content"]["name"] == "危化品经营许可"
    assert state["content"]["promised_limit"]["value"] == 5


@pytest.mark.slow
def test_an_erasure_shows_what_goes_and_needs_its_ground(published: Home, tmp_path: Path) -> None:
    published.ok("import", xlsx(tmp_path / "应急管理局再报.xlsx", ITEMS), "--dataset", DATASET)
    erase = ("erase", DATASET, "危险化学品经营许可")
    without_ground = published.run(*erase, "--yes")
    assert without_ground.code == 2
    assert "--ground" in without_ground.err
    blank = published.run(*erase, "--ground", " ", "--yes")
    assert blank.code == 1
    assert "ground-missing" in blank.err
    ran = published.run(*erase, "--ground", "法院裁定")
    assert ran.code == 1
    assert "危险化学品经营许可" in ran.out
    assert "1个修订版" in ran.out
    assert "销毁原始文件：应急管理局.xlsx" in ran.out
    assert "移出草稿：应急管理局再报.xlsx" in ran.out
    assert releases(published) == 1
    published.ok(*erase, "--ground", "法院裁定", "--yes")
    assert published.run("draft", "show", DATASET).code == 3


@pytest.mark.slow
def test_a_release_that_is_not_yet_in_effect_is_cancelled(published: Home, tmp_path: Path) -> None:
    file = xlsx(tmp_path / "应急管理局.xlsx", [*ITEMS, item("烟花爆竹经营许可"), item("误列许可")])
    published.ok("import", file, "--dataset", DATASET)
    later = f"{date.today().year + 1}-12-01"  # noqa: DTZ011 - only the year counts
    published.ok("publish", DATASET, "--effective-on", later, "--basis", "鞍政发〔2015〕34号")
    changes = published.ok("changes", DATASET, "--release", "2", "--json").json
    listed_wrongly = next(change["record"] for change in changes if change["title"] == "误列许可")
    published.ok("withdraw", DATASET, listed_wrongly, "--reason", "误", "--yes")
    waits = published.run("cancel", DATASET, "2", "--reason", "生效日期有误")
    assert waits.code == 1
    assert waits.out == "取消第2次发布，将有以下变化：\n撤回公布  烟花爆竹经营许可  （应急管理局）\n"
    too_late = published.run("cancel", DATASET, "1", "--reason", "再")
    assert (too_late.out, "already-in-effect" in too_late.err) == ("", True)
    published.ok("cancel", DATASET, "2", "--reason", "生效日期有误", "--yes")
    (*_, last) = published.ok("releases", DATASET, "--json").json
    assert (last["number"], last["cancels"], last["note"]) == (4, 2, "生效日期有误")
    (change,) = published.ok("changes", DATASET, "--release", "4", "--json").json
    assert (change["kind"], change["title"]) == ("withdrawn", "烟花爆竹经营许可")
    assert "already-cancelled" in published.run("cancel", DATASET, "2", "--reason", "再", "--yes").err
    assert "already-in-effect" in published.run("cancel", DATASET, "1", "--reason", "再", "--yes").err
    assert published.ok("verify", "--json").json["ok"]
