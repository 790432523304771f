"""Files agree with lists at every state, deltas lead from one state to another, and erasure deletes files."""

from __future__ import annotations

import csv
import gzip
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import click
import msgspec
import openpyxl
import pytest

from publisher.cli.commands.reading.export import export
from publisher.log.generated_files import locked
from publisher.log.log import Log
from publisher.log.model import LogError, RecordQuery, View
from publisher.views.exports import write_state
from publisher.views.exports.formats import FILE_FORMATS
from publisher.web.file_cache import FileCache, FileKey
from schemas.cells.formula_guard import guard_text
from tests.publisher.views.exports.conftest import export_file
from tests.support.log import catalogue, entry, ids, release, stage


def read_lines(log: Log, folder: Path, view: View) -> dict[str, object]:
    encoded = export_file(log, "jsonl", folder, view=view).read_bytes().splitlines()
    return {line["id"]: line for line in map(msgspec.json.decode, encoded)}


def publish_more(log: Log) -> None:
    """Publish two more releases.

    In the first, one record stays, one changes, one is added and the others are removed. The second adds one.
    """
    changed = [entry("项目0", "改过"), entry("项目6", "=1+1", cells="6", kind="𠮷"), entry("新来的", "2")]
    release(log, *changed, on=date(2016, 1, 1))
    stage(log, entry("后来的", "3"), partial=True)
    log.releases.publish("fees", effective_on=date(2017, 1, 1))


def test_files_and_lists_agree_at_every_state(log: Log, tmp_path: Path) -> None:
    publish_more(log)
    days = [View(as_of=date(year, 6, 1)) for year in (2014, 2015, 2016, 2017)]
    for view in (*days, *(View(release=n) for n in (1, 2, 3)), View()):
        page = log.queries.records("fees", RecordQuery(view=view, limit=1000))
        exported = read_lines(log, tmp_path, view)
        assert {k: v["content"] for k, v in exported.items()} == {r.id: r.content for r in page.records}  # type: ignore[index]  # a line is an object


def test_a_file_of_an_earlier_time_names_the_release_of_that_time(log: Log) -> None:
    release(log, entry("新来的", "2"), on=date(2016, 1, 1))
    first, second = log.queries.releases("fees")
    assert first.published_at < second.published_at
    for known_at, expected in ((first.published_at, first), (second.published_at, second)):
        about = write_state.describe_state(log, "fees", View(known_at=known_at))
        assert about.release == expected
        assert about.timestamp == known_at


def test_a_past_state_keeps_the_fields_of_its_catalogue_and_its_days(log: Log, tmp_path: Path) -> None:
    """A migration drops a field from its day on only; a workbook cannot count days before March 1900."""
    release(log, entry("甲", charge={"amount": "5", "unit": "元"}), on=date(1850, 1, 1), part="民政局")
    log.releases.migrate("fees", catalogue(), effective_on=date(2020, 1, 1))
    past, now = View(as_of=date(1855, 1, 1)), View(as_of=date(2021, 1, 1))
    text = export_file(log, "csv", tmp_path, "en", past).read_text(encoding="utf-8-sig")
    (line,) = csv.DictReader(text.splitlines())
    assert line["charge"] == "5元"
    assert "charge" not in export_file(log, "csv", tmp_path, "en", now).read_text(encoding="utf-8")
    head, row = openpyxl.load_workbook(export_file(log, "xlsx", tmp_path, "en", past))["Data"].values
    assert dict(zip(head, row, strict=True))["effective_from"] == "1850-01-01"


@pytest.mark.parametrize(
    "value", [5, "nan", "1E400", True, ["一"], {"value": 1, "unit": "日"}, [{"name": "表"}]]
)
def test_a_value_of_a_type_that_its_field_had_earlier_is_written_in_every_format(
    log: Log, tmp_path: Path, value: object
) -> None:
    about = write_state.describe_state(log, "fees", View())
    (row, *_) = log.queries.whole_state("fees", View())
    content = {field.name: value for field in about.catalogue.fields if field.type != "string"}
    odd = row._replace(content=msgspec.json.encode({"name": "奇", **content}))
    for form in FILE_FORMATS.values():
        path = tmp_path / f"odd.{form.suffix}"
        form.write(path, about, lambda: iter([odd]))
        assert path.stat().st_size > 0, form.name


def apply_delta(records: Mapping[str, object], lines: Iterable[bytes]) -> dict[str, object]:
    """Apply a delta to a state (id → record), as a mirror does."""
    state = dict(records)
    for line in lines:
        operation = msgspec.json.decode(line)
        if operation["op"] == "remove":
            state.pop(operation["id"], None)
        else:
            state[operation["record"]["id"]] = operation["record"]
    return state


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 3), (1, 3), (3, 1), (2, 2)])
def test_a_delta_leads_from_one_state_to_the_other(log: Log, tmp_path: Path, before: int, after: int) -> None:
    publish_more(log)
    path = tmp_path / "delta"
    write_state.delta_writer(log, "fees", View(release=before), View(release=after))(path)
    steps = path.read_bytes().splitlines()
    start = read_lines(log, tmp_path, View(release=before))
    assert apply_delta(start, steps) == read_lines(log, tmp_path, View(release=after))
    assert bool(steps) == (before != after)


def test_a_delta_removes_what_was_erased_after_the_download(log: Log, tmp_path: Path) -> None:
    publish_more(log)
    downloaded = read_lines(log, tmp_path, View(release=1))
    erased, *_ = downloaded
    log.releases.erase(records=[("fees", erased)], ground="判决")
    path = tmp_path / "delta"
    write_state.delta_writer(log, "fees", View(release=1), View(release=3))(path)
    steps = path.read_bytes().splitlines()
    assert apply_delta(downloaded, steps) == read_lines(log, tmp_path, View(release=3))
    write_state.delta_writer(log, "fees", View(release=4), View(release=4))(path)
    assert [msgspec.json.decode(line)["id"] for line in path.read_bytes().splitlines()] == [erased]


@pytest.mark.slow
@pytest.mark.parametrize("form", FILE_FORMATS)
def test_the_same_state_makes_the_same_bytes(log: Log, tmp_path: Path, form: str) -> None:
    first = export_file(log, form, tmp_path).read_bytes()
    publish_more(log)
    assert export_file(log, form, tmp_path).read_bytes() == first


def test_an_erased_text_remains_in_no_file_of_the_home(log: Log, tmp_path: Path) -> None:
    cache = FileCache(log.files)
    about = write_state.describe_state(log, "fees", View(release=1))
    with cache.generation(patience=1):
        file = cache.generate(
            FileKey(("x",), "jsonl", permanent=True),
            write_state.state_writer(log, about, FILE_FORMATS["jsonl"]),
        )
    assert "城市基础设施配套费" in file.path.read_text(encoding="utf-8")
    log.releases.erase(records=[("fees", ids(log)["城市基础设施配套费"])], ground="法院裁定")
    assert not [p for p in log.files.rglob("*") if p.is_file() and p.name not in (".lock", ".gate")]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert "城市基础设施配套费".encode() not in path.read_bytes(), path
    assert write_state.describe_state(log, "fees", View(release=1)).erased == 1
    assert len(read_lines(log, tmp_path, View(release=1))) == 8


def test_an_erasure_waits_for_a_file_that_is_being_written(log: Log) -> None:
    with (
        FileCache(log.files).generation(patience=1),
        FileCache(log.files).generation(patience=1),  # files are written side by side
        pytest.raises(LogError) as caught,
        locked(log.files, patience=0.1, exclusive=True),
    ):
        pass
    assert caught.value.code == "files-busy"


@pytest.mark.slow
def test_a_file_is_not_begun_while_an_erasure_waits(log: Log) -> None:
    erasing = threading.Event()
    erased: list[bool] = []

    def erase() -> None:
        erasing.set()
        with locked(log.files, patience=20, exclusive=True):
            erased.append(True)

    thread = threading.Thread(target=erase)
    with FileCache(log.files).generation(patience=1):
        thread.start()
        erasing.wait(5)
        time.sleep(0.3)
        with pytest.raises(LogError), FileCache(log.files).generation(patience=0.1):
            pass
        assert not erased
    thread.join(20)
    assert erased == [True]


def test_a_compressed_file_equals_the_plain_one_and_old_files_are_deleted(log: Log, tmp_path: Path) -> None:
    cache = FileCache(log.files)
    about = write_state.describe_state(log, "fees", View())
    for n in range(45):
        with cache.generation(patience=1):
            file = cache.generate(
                FileKey((n,), "csv", "gzip"), write_state.state_writer(log, about, FILE_FORMATS["csv"])
            )
    assert (
        gzip.decompress(file.path.read_bytes()) == export_file(log, "csv", tmp_path, view=View()).read_bytes()
    )
    assert len(list(log.files.rglob("*.gzip"))) <= 40


def test_every_kind_of_file_is_offered_by_the_command_too() -> None:
    (option,) = (parameter for parameter in export.params if parameter.name == "formats")
    assert isinstance(option.type, click.Choice)
    assert list(FILE_FORMATS) == list(option.type.choices)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "＝1", "－1"])
def test_a_text_that_would_be_a_formula_is_guarded(text: str) -> None:
    assert guard_text(text) == f"'{text}"
    assert guard_text(f"一{text}") == f"一{text}"
