"""The drill of an operator, by commands: back up, lose the machine, restore, complete, verify, go on."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from publisher import settings
from publisher.app import create_app
from publisher.log.recovery.backup import copy_key
from publisher.log.transparency import verify
from tests.support.command import CommandResult, Home, item, xlsx
from tests.support.servers.http_service import serving

NAME = "shili-power-list"
BASIS = ("--basis", "示政发〔2024〕1号", "--accept", "basis-missing", "--accept", "many-removed")
SECRET = "乙许可"


class Drill:
    """A site with a key, one release, and a backup of that time; then two releases and an erasure."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.site, self.new = folder, Home(folder / "site"), Home(folder / "new")
        self.backups, self.keys = folder / "backups", folder / "keys"

    def build(self) -> None:
        self.site.dataset(NAME)
        self.site.ok("key", "new")
        self.publish(self.site, ["甲许可", SECRET], "2024-01-01")
        self.site.ok("backup", self.backups, "--keys", self.keys)
        self.publish(self.site, ["甲许可", "丙许可"], "2024-02-01")
        self.site.ok("erase", NAME, SECRET, "--ground", "判决书", "--yes")
        self.publish(self.site, ["甲许可", "丙许可", "丁许可"], "2024-03-01")

    def publish(self, site: Home, names: list[str], day: str) -> None:
        file = xlsx(self.folder / f"{day}.xlsx", [item(name) for name in names])
        site.ok("import", file, "--dataset", NAME)
        site.ok("publish", NAME, "--effective-on", day, *BASIS)

    def restore(self, *options: object) -> CommandResult:
        return self.new.run("restore", self.backups, "--keys", self.keys, *options, "--json")


@contextmanager
def reading(home: Home) -> Iterator[httpx.Client]:
    with TestClient(create_app(settings.read_settings(home.home))) as client:
        yield client


def seen(home: Home) -> tuple[Any, Any]:
    """What a feed reader and a mirror hold."""
    with reading(home) as client:
        feed = client.get(f"/feeds/{NAME}.json").json()["items"]
        return feed, client.get(f"/v1/datasets/{NAME}/changes", params={"since": 0}).json()


def erased_record(drill: Drill) -> str:
    lines = map(json.loads, (drill.site.home / "erasures.jsonl").read_text().splitlines())
    return str(next(line["record"] for line in lines if line["dataset"]))


def contains(folder: Path, text: str) -> list[Path]:
    """Files that contain a text, in UTF-8 or in a workbook's own encoding."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the drill once; each test has a copy."""
    folder = tmp_path_factory.mktemp("drill")
    Drill(folder).build()
    return folder


@pytest.fixture
def drill(built: Path, tmp_path: Path) -> Drill:
    return Drill(shutil.copytree(built, tmp_path / "drill"))


@pytest.mark.slow
def test_what_is_lost_comes_back_from_whoever_has_it(drill: Drill) -> None:
    before = seen(drill.site)
    with serving(create_app(settings.read_settings(drill.site.home))) as mirror:
        assert drill.restore().code == 2  # without a word about checkpoints the log might fork
        restored = drill.restore("--from", mirror)
        assert restored.code == 0, restored.err
        assert restored.json["read_only"]
        assert restored.json["missing"] == 3
        assert drill.new.run("verify").code == 1
        part = drill.new.run("dataset", "part", "add", NAME, "某局")
        assert (part.code, "log-behind" in part.err) == (1, True)
        with reading(drill.new) as client:
            assert "3" in client.get("/").text.split("restored-note")[1][:200]
        drill.new.ok("log", "complete", mirror)
    # The bytes of files are in no archive; importing them again restores them.
    lost = drill.new.run("verify", "--json").json["problems"]
    assert len(lost) == 2
    assert all("文件不存在" in problem for problem in lost)
    for day in ("2024-02-01", "2024-03-01"):
        drill.new.ok("import", drill.folder / f"{day}.xlsx", "--dataset", NAME)
    drill.new.ok("draft", "discard", NAME)
    assert drill.new.ok("verify", "--json").json["problems"] == []
    assert seen(drill.new) == before
    drill.new.ok("reindex")
    with reading(drill.new) as client:
        assert client.get(f"/v1/datasets/{NAME}/records/{erased_record(drill)}").status_code == 410
        assert "restored-note" not in client.get("/").text
    last = before[1]["last"]
    drill.publish(drill.new, ["甲许可", "戊许可"], "2024-04-01")
    with reading(drill.new) as client:
        more = client.get(f"/v1/datasets/{NAME}/changes", params={"since": last}).json()
    assert [change["title"] for change in more["changes"]] == ["戊许可", "丁许可", "丙许可"]


@pytest.mark.slow
def test_the_newest_backup_needs_nothing_and_an_erased_record_stays_erased(drill: Drill) -> None:
    """Erasures are applied from their own list, also to a backup from before them."""
    drill.site.ok("backup", drill.backups)
    before = seen(drill.site)
    newest = drill.restore("--no-checkpoint")
    assert (newest.json["read_only"], newest.json["problems"], newest.json["missing"]) == (False, [], 0)
    assert seen(drill.new) == before
    oldest = sorted(path.name for path in drill.backups.glob("*Z"))[0]
    older = Home(drill.folder / "older")
    assert contains(drill.backups / oldest, SECRET)
    restored = older.run("restore", drill.backups, "--backup", oldest, "--no-checkpoint", "--json").json
    assert restored["erased_again"] == 1
    assert restored["missing"] == 3  # the other backup knows a newer checkpoint
    assert contains(older.home, SECRET) == []
    with reading(older) as client:
        assert client.get(f"/v1/datasets/{NAME}/records/{erased_record(drill)}").status_code == 410


def test_older_backups_forget_what_was_erased(drill: Drill) -> None:
    assert contains(drill.backups, SECRET)
    assert drill.site.ok("backup", drill.backups, "--forget-erased", "--json").json["rewritten"] == 1
    assert contains(drill.backups, SECRET) == []
    assert drill.site.ok("backup", drill.backups, "--forget-erased", "--json").json["rewritten"] == 0
    assert drill.restore("--no-checkpoint").code == 0  # its digests are those of the new files


@pytest.mark.slow
def test_the_erased_name_of_a_clerk_comes_back_by_no_backup(drill: Drill, tmp_path: Path) -> None:
    file = xlsx(drill.folder / "四.xlsx", [item("甲许可"), item("戊许可")])
    drill.site.ok("import", file, "--dataset", NAME)
    drill.site.ok("publish", NAME, "--effective-on", "2024-06-01", "--actor", "王经办", *BASIS)
    drill.site.ok("backup", drill.backups)
    drill.site.ok("erase", "--actor", "王经办", "--ground", "本人请求", "--yes")
    with reading(drill.site) as client:
        (tmp_path / "kept").write_text(client.get("/log/checkpoint").text)
        (tmp_path / "log.zip").write_bytes(client.get("/v1/log.zip").content)
    assert contains(drill.backups, "王经办")
    shutil.copytree(drill.backups, tmp_path / "copy")
    assert drill.site.ok("backup", drill.backups, "--forget-erased", "--json").json["rewritten"] == 2
    assert contains(drill.backups, "王经办") == []
    own = ("--checkpoint", tmp_path / "kept", "--complete-from", tmp_path / "log.zip", "--keys", drill.keys)
    drill.new.ok("restore", tmp_path / "copy", *own)
    assert contains(drill.new.home, "王经办") == []
    assert drill.new.ok("verify", "--json").json["problems"] == []


RECIPE = Path(__file__).parents[4] / "docs" / "examples" / "mirror.py"


def mirror(home: Home, file: Path) -> str:
    """Run the recipe of a mirror → its output."""
    with serving(create_app(settings.read_settings(home.home))) as base:
        command = [sys.executable, "-I", str(RECIPE), base, str(file)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_where_nobody_has_the_lost_entries_a_successor_says_so(drill: Drill, tmp_path: Path) -> None:
    mirror(drill.site, tmp_path / "mirror.db")
    with reading(drill.site) as client:
        note = client.get("/log/checkpoint").text
        lost_until = client.get(f"/v1/datasets/{NAME}/changes", params={"since": 0}).json()["last"]
    checkpoint_file = tmp_path / "kept"
    checkpoint_file.write_text(note)
    shutil.copy(drill.site.home / "erasures.jsonl", tmp_path)
    drill.restore("--checkpoint", checkpoint_file, "--erasures", tmp_path / "erasures.jsonl")
    assert drill.new.run("log", "succeed", "--reason", " ", "--yes").code == 1
    drill.new.ok("log", "succeed", "--reason", "磁盘损坏，最近的备份是2024年1月的", "--yes")
    assert drill.new.ok("verify", "--json").json["problems"] == []
    drill.publish(drill.new, ["甲许可", "己许可"], "2024-05-01")
    assert drill.new.ok("verify", "--json").json["problems"] == []
    drill.new.ok("reindex")
    numbers = [release["number"] for release in drill.new.ok("releases", NAME, "--json").json]
    assert numbers == [1, 5, 6]  # 2 to 4 may have been releases of the lost part
    with reading(drill.new) as client:
        assert "磁盘损坏" in client.get("/").text
        newest = client.get("/log/checkpoint").text
        assert newest.startswith("data.example.gov.cn/log-2\n")
        archive = tmp_path / "log.zip"
        archive.write_bytes(client.get("/v1/log.zip").content)
        refused = client.get(f"/v1/datasets/{NAME}/changes", params={"since": lost_until})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "lost")
        everything = client.get(f"/v1/datasets/{NAME}/changes", params={"since": 0}).json()
        assert everything["last"] > 10**9
    assert "copied anew" in mirror(drill.new, tmp_path / "mirror.db")
    with closing(sqlite3.connect(tmp_path / "mirror.db")) as copy:
        rows = copy.execute("SELECT sequence FROM change ORDER BY sequence").fetchall()
    staying = [one for one in everything["changes"] if one["record"] not in everything["erased"]]
    assert [row[0] for row in rows] == [one["sequence"] for one in staying]
    assert "copied anew" not in mirror(drill.new, tmp_path / "mirror.db")
    with zipfile.ZipFile(archive) as opened:
        log = verify.Log(opened, None)
    assert any("3 ENTRIES OF data.example.gov.cn/log ARE LOST" in line for line in log.said)


def test_a_damaged_backup_is_refused(drill: Drill) -> None:
    (backup,) = drill.backups.glob("*Z")
    with closing(sqlite3.connect(backup / "qingdan.db")) as conn, conn:
        conn.execute("UPDATE site SET base = 'https://other.example'")
    assert "backup-damaged" in drill.restore("--no-checkpoint").err
    assert not (drill.new.home / "qingdan.db").exists()


@pytest.mark.slow
def test_an_archive_of_another_history_is_refused(drill: Drill, tmp_path: Path) -> None:
    """The archive is verified before a line of it is written, and has to continue the log."""
    with reading(drill.site) as client:
        honest = client.get("/v1/log.zip").content
        (tmp_path / "kept").write_text(client.get("/log/checkpoint").text)
    drill.restore("--checkpoint", tmp_path / "kept")
    (tmp_path / "changed.zip").write_bytes(honest[:-30] + bytes(30))
    other = Drill(tmp_path / "other")
    other.build()
    with reading(other.site) as client:
        (tmp_path / "other.zip").write_bytes(client.get("/v1/log.zip").content)
    for name, code in (("changed.zip", "archive-damaged"), ("other.zip", "not-this-log")):
        assert code in drill.new.run("log", "complete", tmp_path / name).err


def test_keys_lie_apart_and_only_so_many_backups_stay(drill: Drill) -> None:
    own = {path: path.read_bytes() for path in (drill.site.home / "keys").glob("*.pem")}
    assert own
    for keys in (drill.backups / "k", drill.backups, drill.backups.parent, drill.site.home / "keys"):
        assert "keys-beside-data" in drill.site.run("backup", drill.backups, "--keys", keys).err
    for path, secret in own.items():
        copy_key(path, path)
        assert path.read_bytes() == secret
    assert contains(drill.backups, "PRIVATE KEY") == []
    for _ in range(3):
        drill.site.ok("backup", drill.backups, "--keep", 2)
    assert len(list(drill.backups.glob("*Z"))) == 2
    assert drill.restore("--no-checkpoint").json["problems"] == []
