"""Files of one name in one import do not take each other's place."""

from __future__ import annotations

from pathlib import Path

from tests.support.command import Home, item, xlsx


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
