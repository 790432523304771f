"""Imports: files of one name do not take each other's place, and a dry run changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.log.log import Log
from publisher.log.model import LogError
from publisher.workflow.import_files import InputFile, import_files
from schemas.definition.file_loader import load_catalogue
from tests.support.clock import Clock
from tests.support.command import Home, item, xlsx
from tests.support.datasets import make_dataset


def test_files_of_one_name_in_two_folders_are_two_files(site: Home, tmp_path: Path) -> None:
    site.dataset("shili-power-list", "应急管理局")
    for folder in "ab":
        (tmp_path / folder).mkdir()
    files = [xlsx(tmp_path / folder / "应急管理局.xlsx", [item(f"事项{folder}")]) for folder in "ab"]
    ran = site.run("import", *files, "--dataset", "shili-power-list")
    assert ran.code == 1
    assert "part-twice" in ran.err
    files[1].write_bytes(files[0].read_bytes())
    report = site.ok("import", *files, "--dataset", "shili-power-list", "--json").json
    assert [one["same_as"] for one in report["files"]] == [None, "应急管理局.xlsx"]
    assert report["records"] == 1


def test_a_dry_run_creates_no_dataset(url: str, tmp_path: Path, clock: Clock) -> None:
    log = Log.open(url, sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020-01-01")
    file = InputFile("清单.csv", "事项名称,权力类型\n甲许可,行政许可\n".encode())
    new_dataset, catalogue = make_dataset("powers"), load_catalogue("power-list")
    with pytest.raises(LogError) as caught:
        import_files(log, "powers", [file], dry_run=True, catalogue=catalogue, new_dataset=new_dataset)
    assert caught.value.code == "no-such-dataset"
    assert log.datasets.all() == ()
    report = import_files(log, "powers", [file], catalogue=catalogue, new_dataset=new_dataset)
    assert (report.staged, [one.name for one in log.datasets.all()]) == (True, ["powers"])
    log.close()
