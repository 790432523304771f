"""Publication asks about what is probably a mistake; a script accepts it by its code."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from publisher.cli.commands.publishing import publish
from publisher.workflow import publication_guards
from publisher.workflow.publication_guards import _check_day, check_basis, check_clock, find_guards
from tests.support.command import Home, item, xlsx
from tests.support.log import catalogue, entry, fees_dataset, stage
from tests.support.site import four_releases

DATASET = "shili-power-list"
BASIS = ("--basis", "鞍政发〔2015〕34号")


def hand_in(site: Home, folder: Path, count: int, *, part: str = "应急管理局") -> None:
    file = xlsx(folder / f"{part}{count}.xlsx", [item(f"第{n}项许可") for n in range(count)])
    site.ok("import", file, "--dataset", DATASET)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Publish a release, for tests to copy."""
    folder = tmp_path_factory.mktemp("published")
    site = Home(folder / "home")
    site.dataset(DATASET, "应急管理局", "统计局")
    hand_in(site, folder, 10)
    site.ok("publish", DATASET, "--effective-on", "2015-12-01", *BASIS)
    return site


@pytest.fixture
def published(built: Home, site: Home) -> Home:
    return built.copy_to(site.home)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "drift", "needs_consent"),
    [
        (29, timedelta(0), False),
        (31, timedelta(0), True),
        (0, timedelta(hours=2), True),
        (0, -timedelta(hours=2), True),
    ],
)
def test_todays_date_is_asked_in_words_where_nothing_shows_that_the_clock_is_wrong(
    tmp_path: Path, days: int, drift: timedelta, needs_consent: bool
) -> None:
    with four_releases(tmp_path) as site:
        last = site.log.queries.last_published_at()
        assert last is not None
        guards = [*check_clock(site.log, now=last + timedelta(days=days, seconds=1), drift=drift)]
    assert [guard.code for guard in guards] == ["check-today"] * needs_consent
    assert all("年" in guard.zh and "星期" in guard.zh for guard in guards)


def test_the_command_knows_every_guard() -> None:
    assert publish._GUARDS == publication_guards.CODES


@pytest.mark.slow
@pytest.mark.parametrize(("remaining", "needs_consent"), [(9, False), (8, False), (7, True), (1, True)])
def test_a_snapshot_that_removes_much_of_a_part_is_asked_about(
    published: Home, tmp_path: Path, remaining: int, needs_consent: bool
) -> None:
    hand_in(published, tmp_path, remaining)
    ran = published.run("publish", DATASET, "--effective-on", "2016-01-01", *BASIS)
    assert ran.code == (1 if needs_consent else 0)
    assert ("many-removed" in ran.err) is needs_consent
    if needs_consent:
        assert f"10项中有{10 - remaining}项将移出清单" in ran.err
        assert len(published.ok("releases", DATASET, "--json").json) == 1
        published.ok("publish", DATASET, "--effective-on", "2016-01-01", *BASIS, "--accept", "many-removed")


@pytest.mark.slow
def test_more_than_fifty_are_asked_about_whatever_the_share(site: Home, tmp_path: Path) -> None:
    site.dataset(DATASET)
    hand_in(site, tmp_path, 400)
    site.ok("publish", DATASET, "--effective-on", "2015-12-01", *BASIS)
    hand_in(site, tmp_path, 350)
    site.ok("publish", DATASET, "--effective-on", "2016-01-01", *BASIS)
    hand_in(site, tmp_path, 299)
    assert "350项中有51项" in site.run("publish", DATASET, "--effective-on", "2016-02-01", *BASIS).err


@pytest.mark.slow
def test_the_share_is_that_of_the_part(published: Home, tmp_path: Path) -> None:
    file = xlsx(tmp_path / "统计局a.xlsx", [item(f"统计{n}") for n in range(3)])
    published.ok("import", file, "--dataset", DATASET)
    published.ok("publish", DATASET, "--effective-on", "2016-01-01", *BASIS)
    one = xlsx(tmp_path / "统计局b.xlsx", [item("统计检查")])
    published.ok("import", one, "--dataset", DATASET)
    ran = published.run("publish", DATASET, "--effective-on", "2016-02-01", *BASIS)
    assert "“统计局”的3项中有3项" in ran.err


@pytest.mark.slow
def test_of_a_part_that_is_published_alone_no_other_part_is_asked_about(
    published: Home, tmp_path: Path
) -> None:
    hand_in(published, tmp_path, 9)
    published.ok("publish", DATASET, "--effective-on", "2016-06-01", *BASIS)
    hand_in(published, tmp_path, 1)
    for title, day in (("统计检查", "2016-07-01"), ("统计许可", "2016-01-01")):
        file = xlsx(tmp_path / f"统计局{day}.xlsx", [item("统计检查"), item(title)])
        published.ok("import", file, "--dataset", DATASET)
        alone = ("--effective-on", day, "--part", "统计局")
        asked = published.run("publish", DATASET, *alone, "--basis", "领导同意")
        assert (asked.code, "basis-without-number" in asked.err) == (1, True)
        assert "many-removed" not in asked.err


def test_a_day_far_ahead_is_asked_about(published: Home, tmp_path: Path) -> None:
    hand_in(published, tmp_path, 9)
    ran = published.run("publish", DATASET, "--effective-on", "2051-12-01", *BASIS)
    assert ran.code == 1
    assert "--accept far-day" in ran.err
    published.ok("publish", DATASET, "--effective-on", "2051-12-01", *BASIS, "--accept", "far-day")


@pytest.mark.parametrize(
    ("day", "needs_consent"),
    [
        (date(2028, 6, 30), False),
        (date(2028, 7, 1), True),
        (date(2999, 1, 1), True),
    ],
)
def test_two_years_are_counted_from_today(day: date, needs_consent: bool) -> None:
    assert bool(list(_check_day(day, date(2026, 6, 30)))) is needs_consent


@pytest.mark.parametrize(
    ("basis", "needs_consent"),
    [
        ("鞍政发〔2015〕34号", False),
        ("鞍政发[2015]34号", False),
        ("鞍政发〔2015〕34号、鞍政办发〔2015〕3号", False),
        ("国务院令第412号", False),
        ("领导同意", True),
        ("鞍政发〔2015〕34号，口头通知", True),
        (" ", True),
    ],
)
def test_a_basis_is_a_document_number(basis: str, needs_consent: bool) -> None:
    assert bool(list(check_basis(basis))) is needs_consent


def test_rows_in_conflict_that_a_running_catalogue_keeps_back_hide_no_question(tmp_path: Path) -> None:
    with four_releases(tmp_path) as site:
        dataset, _ = fees_dataset("decisions", parts=())
        site.log.datasets.create(dataset, catalogue(running=True))
        rows = (entry("甲"), entry("乙", "1"), entry("乙", "2"))
        stage(site.log, *rows, part=None, dataset="decisions")
        now = site.log.queries.last_published_at()
        assert now is not None
        day = now.date() + timedelta(days=4000)
        guards = find_guards(site.log, "decisions", effective_on=day, basis="领导同意", now=now)
        assert [guard.code for guard in guards] == ["far-day", "basis-without-number"]
        release = site.log.releases.publish("decisions", effective_on=day)
    assert release is not None
    assert release.counts["added"] == 1


def test_rows_without_a_basis_are_asked_about(site: Home, tmp_path: Path) -> None:
    site.dataset(DATASET)
    file = tmp_path / "清单.csv"
    file.write_text(
        "事项名称,权力类型,行使主体\n甲许可,行政许可,市局\n乙许可,行政许可,市局\n", encoding="utf-8"
    )
    site.ok("import", file, "--dataset", DATASET)
    ran = site.run("publish", DATASET, "--effective-on", "2016-01-01", *BASIS)
    assert ran.code == 1
    assert "有2行没有写明依据" in ran.err
    site.ok("publish", DATASET, "--effective-on", "2016-01-01", *BASIS, "--accept", "basis-missing")


def test_a_catalogue_that_wants_no_basis_is_not_asked_about(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-responsibilities", catalogue="responsibility-list")
    file = tmp_path / "清单.csv"
    file.write_text("职权名称,职权类型,法定主体\n甲许可,行政许可,市局\n", encoding="utf-8")
    site.ok("import", file, "--dataset", "shili-responsibilities")
    site.ok("publish", "shili-responsibilities", "--effective-on", "2016-01-01", *BASIS)
