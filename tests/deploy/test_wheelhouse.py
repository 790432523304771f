"""The folder from which a machine without a network installs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.wheelhouse import Package, clear_folder, read_packages
from tests.support.servers.shared_server import PROJECT
from tests.support.servers.uv import uv

COMPLIANCE = PROJECT / "docs" / "compliance.zh-CN.md"


@pytest.mark.parametrize(
    ("wheel", "machine", "fits"),
    [
        ("a-1-cp312-cp312-manylinux_2_28_aarch64.whl", "aarch64", True),
        ("a-1-cp312-cp312-manylinux_2_28_x86_64.whl", "aarch64", False),
        ("a-1-cp313-cp313-manylinux_2_28_aarch64.whl", "aarch64", False),
        ("a-1-cp39-abi3-manylinux_2_17_aarch64.manylinux2014_aarch64.whl", "aarch64", True),
        ("a-1-cp314-abi3-manylinux_2_17_aarch64.whl", "aarch64", False),
        ("a-1-cp312-cp312-musllinux_1_2_aarch64.whl", "aarch64", False),
        ("a-1-cp312-cp312-macosx_11_0_arm64.whl", "aarch64", False),
        ("a-1-py3-none-any.whl", "loongarch64", True),
        ("a-1-py2.py3-none-any.whl", "loongarch64", True),
        ("a-1-py3-none-manylinux2014_x86_64.whl", "x86_64", True),
    ],
)
def test_which_wheels_fit_a_machine(wheel: str, machine: str, fits: bool) -> None:
    assert (Package("a", "1", (wheel,)).wheel_for(machine) is not None) is fits


@pytest.mark.slow
def test_the_page_for_buyers_lists_what_has_no_wheel_for_loongarch64() -> None:
    lacking = {package.name for package in read_packages() if package.wheel_for("loongarch64") is None}
    text = COMPLIANCE.read_text(encoding="utf-8")
    section = text.partition("## 国产处理器")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z0-9-]+)`", section.partition("没有 loongarch64")[2])) >= lacking
    assert {p.name for p in read_packages() if p.wheel_for("aarch64") is None} == {"feedgen"}


def test_a_second_run_leaves_no_wheel_of_an_earlier_version(tmp_path: Path) -> None:
    for name in ("qingdan-0.0.9-py3-none-any.whl", ".feedgen.txt", "notes.md"):
        (tmp_path / name).touch()
    clear_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.md"]


@pytest.mark.soak
def test_a_machine_without_a_network_installs_from_it(tmp_path: Path) -> None:
    folder, environment = tmp_path / "wheelhouse", tmp_path / "environment"
    command = [sys.executable, "-m", "scripts.wheelhouse", str(folder)]
    subprocess.run(command, check=True, cwd=PROJECT, timeout=600)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], check=True, cwd=folder)
    subprocess.run([uv(), "venv", "--quiet", "--python", sys.executable, environment], check=True)
    install = [
        uv(),
        "pip",
        "install",
        "--offline",
        "--quiet",
        "--python",
        str(environment / "bin" / "python"),
    ]
    install += ["--no-cache", "--no-index", "--find-links", str(folder)]
    locked = ["--require-hashes", "-r", str(folder / "requirements.txt")]
    subprocess.run([*install, *locked], check=True, timeout=300)
    (wheel,) = folder.glob("qingdan-*.whl")
    subprocess.run([*install, "--no-deps", str(wheel)], check=True, timeout=60)
    ran = subprocess.run(
        [environment / "bin" / "qingdan", "--version"], check=True, capture_output=True, text=True
    )
    assert "0.1.0" in ran.stdout
