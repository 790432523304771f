"""The wheel: the same bytes from one commit, only what a site runs, and a site in a fresh environment."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import httpx
import pytest

from tests.support.servers.http_service import free_port
from tests.support.servers.uv import uv

PROJECT = Path(__file__).resolve().parents[1]
NAMES = ("feeds", "openapi", "publisher", "schemas", "search")
SOURCES = (*NAMES, "docs", "pyproject.toml", "README.md", "LICENSE", "uv.lock")
RELEASED_AT = "1796000000"


def build(folder: Path, umask: int) -> Path:
    """Build from a copy of the sources → the wheel."""
    copy = folder / "copy"
    for name in SOURCES:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            copy.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy / name)
    for path in copy.rglob("*"):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~umask)
    subprocess.run(
        [uv(), "build", "--wheel", "--quiet", "--out-dir", folder / "dist", copy],
        check=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": RELEASED_AT},
        timeout=120,
    )
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("one"), 0o022)


@pytest.mark.program
def test_a_commit_gives_the_same_bytes_wherever_and_whenever_it_is_built(wheel: Path, tmp_path: Path) -> None:
    assert build(tmp_path / "elsewhere", 0o027).read_bytes() == wheel.read_bytes()


@pytest.mark.program
def test_it_contains_what_a_site_runs_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {*NAMES, "qingdan-0.1.0.dist-info"}
    assert not [n for n in names if "test" in n.split("/")[-1] or n.startswith("search/evaluation")]
    assert "publisher/log/transparency/verify.py" in names
    documents = {str(file.relative_to(PROJECT)) for file in (PROJECT / "docs").rglob("*") if file.is_file()}
    assert {n.removeprefix("publisher/") for n in names if n.startswith("publisher/docs/")} == documents


@pytest.mark.slow
def test_no_dependency_owns_one_of_its_names() -> None:
    owners = metadata.packages_distributions()
    assert {name: owners.get(name, []) for name in NAMES if set(owners.get(name, [])) - {"qingdan"}} == {}


@pytest.mark.program
def test_it_publishes_and_serves_the_sample_from_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    # The locked versions, which setup has in uv's cache; and like them without rasterio.
    constraints = tmp_path / "constraints.txt"
    export = ("export", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--quiet", "-o")
    subprocess.run([uv(), *export, constraints], check=True, cwd=PROJECT, timeout=60)
    overrides = tmp_path / "overrides.txt"
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    overrides.write_text("\n".join(settings["tool"]["uv"]["override-dependencies"]))
    subprocess.run([uv(), "venv", "--quiet", "--python", sys.executable, environment], check=True, timeout=60)
    install = ("pip", "install", "--quiet", "--python", environment / "bin" / "python")
    subprocess.run(
        [uv(), *install, "--constraint", constraints, "--override", overrides, wheel], check=True, timeout=300
    )
    port, desk_port = free_port(), free_port()
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("QINGDAN_", "PYTHON"))}
    demo = [str(environment / "bin" / "qingdan"), "demo"]
    demo += ["--port", str(port), "--desk-port", str(desk_port)]
    with subprocess.Popen(demo, cwd=tmp_path, env=clean, stderr=subprocess.PIPE, text=True) as process:
        try:
            page = wait_for(f"http://127.0.0.1:{port}/search?q=危險化學品經營許可", process)
            document = wait_for(f"http://127.0.0.1:{port}/developers/recipes", process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    assert "危险化学品经营许可" in page
    assert f"python3 mirror.py http://127.0.0.1:{port} mirror.db" in document
    assert process.returncode == 0


def wait_for(address: str, process: subprocess.Popen[str]) -> str:
    for _ in range(600):
        assert process.poll() is None, process.stderr and process.stderr.read()
        try:
            return httpx.get(address, timeout=10).raise_for_status().text
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the demo did not start within a minute")
